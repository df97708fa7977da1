import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { operationAt } from '../../../lambdas/tools/jira/sandbox/operations.ts';
import { openStore } from '../../../lambdas/tools/jira/sandbox/store.ts';
import { clientOf, openSandbox, type Sandbox, WRITER } from './sandboxed.ts';
import { type Exchange, hasSpec, readSpec, recording, type Spec } from './spec.ts';

const doc = (text: string) => ({
  type: 'doc',
  version: 1,
  content: [{ type: 'paragraph', content: [{ type: 'text', text }] }],
});

type Asked = readonly [method: string, path: string, body?: unknown];
const named = (asked: Asked) => ({ asked, line: `${asked[0]} ${asked[1]}` });

const ISSUE = '/rest/api/3/issue';
const OPS_1 = `${ISSUE}/OPS-1`;

/** For each operation of the sandbox: requests it carries out, requests it refuses, and what no validator may accept. */
const OPERATIONS: Readonly<
  Record<string, { takes: readonly Asked[]; refuses: readonly Asked[]; wrongBody?: unknown; wrongAnswer: unknown }>
> = {
  createIssue: {
    takes: [
      ['POST', ISSUE, { fields: { project: { key: 'OPS' }, issuetype: { name: 'Task' }, summary: 'One' } }],
      [
        'POST',
        ISSUE,
        {
          fields: {
            project: { key: 'OPS' },
            issuetype: { id: '10001' },
            summary: 'Two',
            description: doc('a'),
            components: [{ id: '10001' }],
            labels: ['x'],
            assignee: { accountId: 'sandbox-user' },
          },
        },
      ],
    ],
    refuses: [
      ['POST', ISSUE, { fields: { project: { key: 'NOPE' }, summary: 'a\nb' } }],
      ['POST', ISSUE, { fields: { project: { key: 'OPS' }, issuetype: { name: 'Task' }, summary: 'x', wings: 2 } }],
    ],
    wrongBody: { fields: 'summary' },
    wrongAnswer: { id: 10_001, key: 'OPS-3' },
  },
  getIssue: {
    takes: [
      ['GET', OPS_1],
      ['GET', `${OPS_1}?fields=summary,status&fields=comment`],
      ['GET', `${OPS_1}?fields=*all,-description`],
      ['GET', `${OPS_1}?fields=updated&expand=names,changelog`],
    ],
    refuses: [['GET', `${ISSUE}/OPS-999`]],
    wrongAnswer: { id: '1', key: 'OPS-1', fields: [] },
  },
  editIssue: {
    takes: [
      ['PUT', OPS_1, { fields: { components: [{ name: 'Access' }], summary: 'New' } }],
      ['PUT', OPS_1, { update: { components: [{ add: { name: 'Network' } }, { remove: { name: 'Access' } }] } }],
      ['PUT', `${OPS_1}?returnIssue=true&notifyUsers=false`, { update: { labels: [{ set: ['a'] }, { add: 'b' }] } }],
      ['PUT', OPS_1, { fields: {}, historyMetadata: { type: 'writ', extraData: { writ: '1' } } }],
    ],
    refuses: [
      ['PUT', OPS_1, { fields: { components: [{ name: 'Nowhere' }] } }],
      ['PUT', OPS_1, { fields: { description: 'plain text' } }],
      ['PUT', OPS_1, { fields: { summary: 'a' }, update: { summary: [{ set: 'b' }] } }],
      ['PUT', `${ISSUE}/OPS-999`, { fields: { summary: 'a' } }],
    ],
    wrongBody: { update: { components: [{ put: [] }] } },
    wrongAnswer: { id: '1', key: 'OPS-1', fields: [] },
  },
  assignIssue: {
    takes: [
      ['PUT', `${OPS_1}/assignee`, { accountId: 'sandbox-user' }],
      ['PUT', `${OPS_1}/assignee`, { accountId: '-1' }],
    ],
    refuses: [
      ['PUT', `${OPS_1}/assignee`, { accountId: 'nobody' }],
      ['PUT', `${OPS_1}/assignee`, { accountId: 'sandbox-user', name: 'x' }],
      ['PUT', `${OPS_1}/assignee`, {}],
    ],
    wrongBody: { accountId: 7 },
    wrongAnswer: { anything: true },
  },
  getTransitions: {
    takes: [
      ['GET', `${OPS_1}/transitions`],
      ['GET', `${OPS_1}/transitions?transitionId=21`],
    ],
    refuses: [['GET', `${ISSUE}/OPS-999/transitions`]],
    wrongAnswer: { transitions: [{ id: 21 }] },
  },
  doTransition: {
    takes: [['POST', `${OPS_1}/transitions`, { transition: { id: '21' } }]],
    refuses: [
      ['POST', `${OPS_1}/transitions`, { transition: { id: '99' } }],
      ['POST', `${OPS_1}/transitions`, {}],
    ],
    wrongBody: { transition: { id: 21 } },
    wrongAnswer: { anything: true },
  },
  getComments: {
    takes: [
      ['GET', `${OPS_1}/comment`],
      ['GET', `${OPS_1}/comment?startAt=0&maxResults=1&orderBy=-created`],
    ],
    refuses: [['GET', `${ISSUE}/OPS-999/comment`]],
    wrongAnswer: { comments: [{ id: 1 }] },
  },
  addComment: {
    takes: [
      ['POST', `${OPS_1}/comment`, { body: doc('hello') }],
      ['POST', `${OPS_1}/comment`, { body: doc('hush'), visibility: { type: 'role', value: 'Administrators' } }],
    ],
    refuses: [
      ['POST', `${OPS_1}/comment`, { body: 'plain text' }], // the contract leaves it untyped
      ['POST', `${OPS_1}/comment`, {}],
    ],
    wrongBody: { body: doc('x'), visibility: 'everybody' },
    wrongAnswer: { id: '1', created: 'yesterday' },
  },
  searchAndReconsileIssuesUsingJql: {
    takes: [
      ['GET', '/rest/api/3/search/jql?jql=project%20%3D%20OPS&maxResults=1&fields=summary,status'],
      ['GET', '/rest/api/3/search/jql?jql=key%20%3D%20OPS-2&nextPageToken=0'],
    ],
    refuses: [['GET', '/rest/api/3/search/jql?jql=order%20by%20created']],
    wrongAnswer: { issues: [{ id: 1 }], isLast: true },
  },
  searchAndReconsileIssuesUsingJqlPost: {
    takes: [
      ['POST', '/rest/api/3/search/jql', { jql: 'project = OPS ORDER BY created DESC', fields: ['*all'] }],
      ['POST', '/rest/api/3/search/jql', { jql: 'text ~ "vpn"', maxResults: 10 }],
    ],
    refuses: [['POST', '/rest/api/3/search/jql', { jql: 'wings = 2' }]],
    wrongBody: { jql: 'project = OPS', maxResults: 'many' },
    wrongAnswer: { issues: [], isLast: 'yes' },
  },
};

const headers = {
  authorization: `Basic ${Buffer.from(`${WRITER.user}:${WRITER.token}`).toString('base64')}`,
  'content-type': 'application/json',
};

describe.skipIf(!hasSpec)("Jira's published contract (needs WRIT_DATA)", () => {
  let spec: Spec;
  let sandbox: Sandbox;
  const recorder = recording();

  beforeAll(async () => {
    spec = readSpec();
    sandbox = await openSandbox();
  });
  afterAll(() => sandbox.close());

  const ask = async ([method, path, body]: Asked, authorization = headers.authorization): Promise<Exchange> => {
    await recorder.fetch(`${sandbox.url}${path}`, {
      method,
      headers: { ...headers, authorization },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return recorder.exchanges.at(-1) as Exchange;
  };
  /** Every error has Jira's shape, also where the contract does not say which it has. */
  const isJiraError = ({ answer }: Exchange) => spec.schema('ErrorCollection')(JSON.parse(answer));

  it('is all kept by the sandbox but for the two searches that Jira has removed', () => {
    const removed = ['searchForIssuesUsingJql', 'searchForIssuesUsingJqlPost'];
    expect(Object.keys(OPERATIONS).concat(removed).sort()).toEqual([...spec.operationIds].sort());
  });

  describe.each(Object.entries(OPERATIONS))('%s', (operationId, { takes, refuses, wrongAnswer }) => {
    it.each(takes.map(named))('is carried out as written: $line', async ({ asked }) => {
      const exchange = await ask(asked);

      expect(exchange.status).toBeLessThan(300);
      expect(spec.operationOf(exchange)).toBe(operationId);
      expect(spec.faultsOf(exchange)).toEqual([]);
    });

    it.each(refuses.map(named))('is refused as written: $line', async ({ asked }) => {
      const exchange = await ask(asked);

      expect([400, 404]).toContain(exchange.status);
      expect(spec.faultsOf(exchange)).toEqual([]);
      expect(isJiraError(exchange)).toBe(true);
    });

    it('has a validator that refuses a wrong answer, an undeclared status and an undeclared parameter', async () => {
      const [asked] = takes;
      const exchange = await ask(asked as Asked);
      const wrong = { ...exchange, answer: JSON.stringify(wrongAnswer) };

      expect(spec.faultsOf(wrong)).toHaveLength(1);
      expect(spec.faultsOf({ ...exchange, status: 299 })).toHaveLength(1);
      expect(spec.faultsOf({ ...exchange, url: `${exchange.url.split('?')[0]}?wings=2` })).toHaveLength(1);
    });

    it('is refused without the right credentials', async () => {
      const exchange = await ask(takes[0] as Asked, 'Basic bm86bm8=');

      expect(exchange.status).toBe(401);
      expect(isJiraError(exchange)).toBe(true);
    });
  });

  const withBodies = Object.entries(OPERATIONS).filter(([, { wrongBody }]) => wrongBody !== undefined);
  it.each(withBodies)('%s has a validator that refuses a wrong body, and so does the sandbox', async (_, operation) => {
    const [[method, path]] = operation.takes as readonly [Asked];
    const exchange = await ask([method, path, operation.wrongBody]);

    expect(exchange.status).toBe(400);
    expect(isJiraError(exchange)).toBe(true);
    expect(spec.faultsOf(exchange)).toEqual([expect.stringMatching(/^request/)]);
  });

  it('holds for the fields too, which the contract leaves untyped', async () => {
    await ask(['PUT', `${OPS_1}/assignee`, { accountId: 'sandbox-user' }]);
    const { fields } = JSON.parse((await ask(['GET', OPS_1])).answer);
    const typed = [
      ['status', 'StatusDetails', { id: 1 }],
      ['project', 'ProjectDetails', { id: 1 }],
      ['assignee', 'UserDetails', { accountId: 1 }],
      ['comment', 'PageOfComments', { total: 'many' }],
    ] as const;

    for (const [field, name, wrong] of typed) {
      expect(spec.schema(name)(wrong), `${name} refuses its control`).toBe(false);
      expect(spec.schema(name)(fields[field]), field).toBe(true);
    }
  });

  it('is kept by every request of the client', async () => {
    const { exchanges, fetch } = recording();
    const { client } = clientOf(sandbox, { fetch });
    const signal = AbortSignal.timeout(10_000);

    await client.getIssue('OPS-1', signal);
    for (const components of [['Hardware'], ['Network', 'Access'], []])
      await client.setComponents('OPS-1', components, { marker: 'writ-1' }, signal);

    expect(exchanges.map(spec.operationOf)).toEqual(['getIssue', 'editIssue', 'editIssue', 'editIssue']);
    expect(exchanges.flatMap(spec.faultsOf)).toEqual([]);
  });

  it('takes whatever body the sandbox takes', async () => {
    const store = openStore(['Network', 'Access'], ['sandbox-user']);
    store.add('OPS-1', { summary: 'One' });
    const names = ['fields', 'update', 'summary', 'components', 'labels', 'historyMetadata', 'extraData', 'transition']
      .concat(['id', 'name', 'set', 'add', 'remove', 'accountId', 'key', 'body', 'visibility', 'type', 'value', 'jql'])
      .concat(['maxResults', 'actor', 'properties', 'description', 'nextPageToken', 'content', 'version']);
    const leaf = fc.constantFrom('x', '', '21', 1, 0, true, null, 'Network', 'role', 'doc', 'project = OPS', doc('x'));
    const { body: bodies } = fc.letrec((tie) => ({
      body: fc.dictionary(fc.constantFrom(...names), tie('value'), { maxKeys: 3 }),
      value: fc.oneof(
        { maxDepth: 4, withCrossShrink: true },
        leaf,
        tie('body'),
        fc.array(tie('value'), { maxLength: 2 })
      ),
    }));
    const targets = [
      ['POST', ISSUE],
      ['PUT', OPS_1],
      ['PUT', `${OPS_1}/assignee`],
      ['POST', `${OPS_1}/transitions`],
      ['POST', `${OPS_1}/comment`],
      ['POST', '/rest/api/3/search/jql'],
    ] as const;
    const view = { store, url: 'http://127.0.0.1' };
    let accepted = 0;
    await fc.assert(
      fc.property(fc.constantFrom(...targets), bodies, ([method, path], body) => {
        const handle = operationAt(view, method, path);
        const answer = handle?.({ view, query: new URLSearchParams(), body, accountId: 'sandbox-user' });
        if (answer === undefined || answer.status >= 300) return;
        if (path.endsWith('assignee') && Object.values(body as object).includes(null)) return; // only its prose has null
        accepted++;
        const text = answer.body === undefined ? '' : JSON.stringify(answer.body);
        const exchange = { method, url: `${view.url}${path}`, requestBody: body, status: answer.status, answer: text };
        expect(spec.faultsOf(exchange)).toEqual([]);
      }),
      { numRuns: 2_000 }
    );

    expect(accepted).toBeGreaterThan(100); // otherwise this has shown nothing
  });
});
