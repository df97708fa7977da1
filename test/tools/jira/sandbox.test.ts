import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startJiraSandbox } from '../../../lambdas/tools/jira/sandbox/sandbox.ts';
import { openSandbox, READER, REPORTED, type Sandbox, WRITER } from './sandboxed.ts';

let sandbox: Sandbox;
beforeEach(async () => {
  sandbox = await openSandbox();
});
afterEach(() => sandbox.close());

const ask = async (
  method: string,
  path: string,
  body?: unknown,
  { user, token }: typeof WRITER | typeof READER = WRITER
) => {
  const response = await fetch(`${sandbox.url}/rest/api/3${path}`, {
    method,
    headers: { authorization: `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}` },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
};

const search = async (jql: string) => {
  const { body } = await ask('POST', '/search/jql', { jql, fields: ['summary'] });
  return body.issues?.map(({ key }: { key: string }) => key) ?? body.errorMessages;
};

describe('what is written', () => {
  it('is read back: an issue, its components, its status, its assignee, its comments', async () => {
    const doc = { type: 'doc', version: 1, content: [{ type: 'paragraph', content: [{ type: 'text', text: 'Hi' }] }] };
    const fields = { project: { key: 'OPS' }, issuetype: { name: 'Task' }, summary: 'New', description: doc };
    const { body: created } = await ask('POST', '/issue', { fields });
    expect(created.key).toBe('OPS-3');

    await ask('PUT', '/issue/OPS-3', {
      update: { components: [{ add: { name: 'Access' } }, { add: { id: '10000' } }] },
    });
    await ask('POST', '/issue/OPS-3/transitions', { transition: { id: '31' } });
    await ask('PUT', '/issue/OPS-3/assignee', { accountId: 'sandbox-reader' });
    await ask('POST', '/issue/OPS-3/comment', { body: doc });
    await ask('PUT', '/issue/OPS-3/assignee', { accountId: null });

    const { body: issue } = await ask('GET', `/issue/${created.id}`);
    expect(issue.fields).toMatchObject({
      summary: 'New',
      description: doc,
      components: [{ name: 'Access' }, { name: 'Network' }],
      status: { name: 'Done', statusCategory: { key: 'done' } },
      assignee: null,
      comment: { total: 1, comments: [{ body: doc, author: { accountId: 'sandbox-user' } }] },
    });
    expect(sandbox.writes().map(({ issueKey, changes }) => [issueKey, ...changes.map(({ field }) => field)])).toEqual([
      ['OPS-3', 'summary', 'description'],
      ['OPS-3', 'components'],
      ['OPS-3', 'status'],
      ['OPS-3', 'assignee'],
      ['OPS-3', 'comment'],
      ['OPS-3', 'assignee'],
    ]);
  });

  it('is nothing where one field of a request is refused', async () => {
    const { status, body } = await ask('PUT', '/issue/OPS-1', {
      fields: { summary: 'Changed', components: [{ name: 'Nowhere' }], wings: 2 },
    });
    expect(status).toBe(400);
    expect(Object.keys(body.errors)).toEqual(['components', 'wings']);
    expect(sandbox.issue('OPS-1')?.summary).toBe(REPORTED);
    expect(sandbox.writes()).toEqual([]);
  });

  it('is nothing where the body is not JSON, or the user may only read', async () => {
    const component = { fields: { components: [{ name: 'Access' }] } };
    expect((await ask('PUT', '/issue/OPS-1', '{"fields":')).status).toBe(400);
    expect((await ask('PUT', '/issue/OPS-1', component, READER)).status).toBe(403);
    expect((await ask('GET', '/issue/OPS-1', undefined, READER)).status).toBe(200);
    expect((await ask('POST', '/search/jql', { jql: 'project = OPS' }, READER)).status).toBe(200);
    expect(sandbox.writes()).toEqual([]);
  });

  it('leaves an issue that was handed out as it was', async () => {
    const before = sandbox.issue('OPS-1');
    await ask('PUT', '/issue/OPS-1', { fields: { components: [] } });
    expect(before?.components).toEqual(['Network', 'Access']);
    expect(sandbox.issue('OPS-1')?.components).toEqual([]);
  });
});

describe('a search', () => {
  it.each([
    ['project = OPS', ['OPS-2', 'OPS-1']],
    ['project = ops ORDER BY created', ['OPS-1', 'OPS-2']],
    ['project = OPS order by created desc', ['OPS-2', 'OPS-1']],
    ['key = OPS-2', ['OPS-2']],
    ['component = "Network"', ['OPS-1']],
    ['status = "In Progress" AND project = OPS', ['OPS-2']],
    ['text ~ "printer hurry"', ['OPS-1']],
    ['text ~ "printer vpn"', []],
    ['project = NOPE', []],
  ])('finds %s', async (jql, keys) => expect(await search(jql)).toEqual(keys));

  it.each([
    ['ORDER BY created', /Unbounded/],
    ['', /Unbounded/],
    ['wings = 2', /not understood here: wings = 2/],
    ['project ~ OPS', /not understood/],
    ['project = OPS AND', /not understood/],
    ['project = OPS OR key = OPS-1', /not understood here: project = OPS OR key/],
    ['project = "OPS', /not understood/],
    ['project = OPS ORDER BY rank', /not understood here: ORDER BY rank/i],
    ['constructor = OPS', /not understood/],
  ])('refuses %s', async (jql, message) => expect(await search(jql)).toEqual([expect.stringMatching(message)]));

  it('comes in pages', async () => {
    const page = (token: string) => ask('GET', `/search/jql?jql=project%3DOPS&maxResults=1${token}`);
    const { body: first } = await page('');
    expect(first).toMatchObject({ isLast: false, issues: [{ id: expect.any(String) }] });
    const { body: second } = await page(`&nextPageToken=${first.nextPageToken}`);
    expect(second.isLast).toBe(true);
    expect(second.issues).not.toEqual(first.issues);
  });
});

describe('a fault', () => {
  it('spoils one request, of its method and path, with or without the effect', async () => {
    const component = { fields: { components: [{ name: 'Access' }] } };
    sandbox.failNext({ method: 'PUT', path: '/rest/api/3/issue/OPS-2', kind: 'status', status: 500, retryAfter: '7' });
    sandbox.failNext({ method: 'PUT', kind: 'status-after', status: 502 });

    expect((await ask('GET', '/issue/OPS-2')).status).toBe(200);
    expect((await ask('PUT', '/issue/OPS-2', component)).status).toBe(500);
    expect(sandbox.writes()).toHaveLength(0);
    expect((await ask('PUT', '/issue/OPS-2', component)).status).toBe(502);
    expect(sandbox.writes()).toHaveLength(1);
    expect((await ask('PUT', '/issue/OPS-2', component)).status).toBe(204);
    expect(sandbox.calls().map(({ status }) => status)).toEqual([200, 500, 502, 204]);
  });
});

describe('starting', () => {
  const options = { ...WRITER, components: ['Network'] };

  it.each([
    [{ key: 'nope', summary: '' }, /such as OPS-1, found nope/],
    [{ key: 'OPS-1', summary: '', components: ['Wings'] }, /component Wings, which the sandbox was not given/],
  ])('refuses an issue that Jira could not have', async (issue, message) => {
    await expect(startJiraSandbox({ ...options, issues: [issue] })).rejects.toThrow(message);
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(sandbox.url).port);
    await expect(startJiraSandbox({ ...options, port })).rejects.toThrow(String(port));
  });
});
