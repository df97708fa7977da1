import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { type FakeApi, startFakeApi } from './support/fake-api.ts';
import { aShell, type ShellGiven } from './support/shell.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const RUN = 'a'.repeat(26);
const AT = '2030-01-02T03:04:05.000Z';
const approval = {
  id: `${RUN}-1-1`,
  run: RUN,
  workflow: 'ticket-triage',
  digest: 'd'.repeat(64),
  action: {
    action: 1,
    tool: 'jira.assign',
    arguments: { issueKey: 'OPS-1', component: 'Net\u001b[2Jwork', 'z\u001b[2J': 'x' },
    provenance: { issueKey: 'user', component: 'composed' },
    confidence: 0.5,
    engine: { kind: 'model', name: 'a-model', version: '1' },
    cachedAt: '2030-01-01T00:00:00.000Z',
  },
  rules: ['ASK_TWO'],
  requester: 'somebody',
  at: AT,
  expiresAt: '2030-01-03T03:04:05.000Z',
  needs: [{ role: 'approver', approvers: 2 }],
  missing: [{ role: 'approver', approvers: 1 }],
  missingPeople: 1,
  approved: [{ by: 'ruth', at: AT }],
};
const view = { run: RUN, workflow: 'ticket-triage', status: 'waiting', rules: [], createdAt: AT, updatedAt: AT };

interface Given extends ShellGiven {
  readonly run?: object;
  readonly kept?: object;
}

const writ = async (args: readonly string[], { run = { ...view, approval }, kept, ...given }: Given = {}) => {
  api = await startFakeApi({
    instead: (method, path) => {
      if (path === '/v1/approvals') return { status: 200, body: { approvals: [approval], next: 'more' } };
      if (method === 'POST')
        return { status: 200, body: kept ?? { id: approval.id, decision: 'x', missing: [], missingPeople: 0 } };
      return { status: 200, body: run };
    },
  });
  const { shell, written } = aShell({ ...given, env: { WRIT_API: api.url, WRIT_TOKEN: 't' } });
  const code = await main(args, shell);
  const sent = api.requests.filter(({ method }) => method === 'POST').map(({ path, body }) => ({ path, body }));
  return { code, ...written, requests: api.requests, sent };
};

it('lists what people are asked, and lets nothing hostile through', async () => {
  const { code, out, err } = await writ(['approvals'], { columns: 200 });
  expect(code).toBe(0);
  expect(out).toMatch(
    /a{26} +jira\.assign component=Net.*work, issueKey=OPS-1, z=x +ASK_TWO +50\.0 % +1 approver +somebody/
  );
  expect(out).not.toContain('\u001b[2J');
  expect(err).toContain('There are more');
});

describe.each(['approve', 'refuse'] as const)('%s', (decision) => {
  it('shows everything first, asks, and sends what was shown', async () => {
    const { code, out, sent } = await writ([decision, RUN, '--comment', 'because'], { answer: 'y' });
    expect(code).toBe(0);
    for (const part of [
      'somebody',
      'jira.assign',
      'OPS-1 (from: user)',
      'model a-model, confidence 50.0 %, answer kept from 2030-01-01 00:00:00Z',
      'ASK_TWO',
      'ruth',
      '2 approvers',
    ])
      expect(out).toContain(part);
    expect(out).not.toContain('\u001b[2J');
    const body = { decision, digest: approval.digest, comment: 'because' };
    expect(sent).toEqual([{ path: `/v1/approvals/${approval.id}`, body }]);
  });

  it.each(['n', '', 'yesterday'])('sends nothing where the answer is %j', async (answer) => {
    const { code, out, sent } = await writ([decision, RUN], { answer });
    expect(code).toBe(1);
    expect(out).toMatch(/Nothing was decided\.\n$/);
    expect(sent).toEqual([]);
  });

  it('never waits for an answer where nobody is there to give it', async () => {
    const { code, err, sent } = await writ([decision, RUN]);
    expect(code).toBe(2);
    expect(err).toContain('give --yes');
    expect(sent).toEqual([]);
  });

  it('asks nobody with --yes', async () => {
    const { code, sent } = await writ([decision, RUN, '--yes', '--json']);
    expect(code).toBe(0);
    expect(sent).toMatchObject([{ body: { decision, digest: approval.digest } }]);
  });

  it.each<[string, readonly string[], object, number, string]>([
    ['a run that waits for none', [], { ...view, status: 'closed', outcome: 'completed' }, 1, 'it is completed'],
    ['another action', ['--action', '2'], { ...view, approval }, 2, 'of action 1, not of 2'],
    ['an action that is none', ['--action', 'x'], { ...view, approval }, 2, '--action'],
    ['a comment without words', ['--comment', ' '], { ...view, approval }, 2, '--comment'],
  ])('decides nothing of %s', async (_, more, run, expected, said) => {
    const { code, err, sent } = await writ([decision, RUN, '--yes', ...more], { run });
    expect(code).toBe(expected);
    expect(err).toContain(said);
    expect(sent).toEqual([]);
  });
});

it.each([
  ['2 operators', [{ role: 'operator', approvers: 2 }], 2],
  [
    '1 approver and 2 operators',
    [
      { role: 'approver', approvers: 1 },
      { role: 'operator', approvers: 2 },
    ],
    3,
  ],
  ['1 more person', [], 1],
  ['2 more people, 1 approver among them', [{ role: 'approver', approvers: 1 }], 2],
] as const)('says who is still missing: %s', async (said, missing, missingPeople) => {
  const kept = { id: approval.id, decision: 'approve', missing, missingPeople };
  const { out } = await writ(['approve', RUN, '--yes'], { kept });
  expect(out).toContain(`Approved; still missing: ${said}.\n`);
  const waiting = { ...approval, missing, missingPeople };
  await api?.close();
  expect((await writ(['run', RUN], { run: { ...view, approval: waiting } })).out).toContain(
    `${said} to approve action 1`
  );
});

it('tells with the run what it waits for, and how to decide', async () => {
  const { action } = approval;
  const { out } = await writ(['run', RUN], { run: { ...view, approval, proposal: { ...action, abstained: false } } });
  expect(out).toMatch(/engine +model a-model 1, answer kept from 2030-01-01 00:00:00Z/);
  expect(out).toMatch(/needs +1 approver to approve action 1: ASK_TWO/);
  expect(out).toContain(`npm run -s writ -- approve ${RUN}`);
});
