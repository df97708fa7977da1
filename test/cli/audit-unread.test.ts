import { describe, expect, it } from 'vitest';
import { type AuditRecord, chain, GENESIS, headOf } from '../../lambdas/core/audit/record.ts';
import type { FakeAnswer } from './support/fake-api.ts';
import { RUN, writ } from './support/writ.ts';

const OTHER = 'b'.repeat(26);
const SUBJECT = 'scope:jira:write';
const ONE = `/v1/runs/${RUN}/audit`;
const TWO = `/v1/runs/${OTHER}/audit`;
const SCOPE = '/v1/controls/scope/jira%3Awrite/audit';
const DOWN: FakeAnswer = { status: 503, body: { title: 'Out of order', detail: '\u001b[2Jsecond' } };

const chainOf = (run_id: string, length: number): readonly AuditRecord[] => {
  const at = '2030-01-02T03:04:05.000Z';
  const about = { trace_id: 't', run_id, at, user: { id: 'u', tenant: 'demo' }, release: 'f'.repeat(64) };
  const records: AuditRecord[] = [];
  for (let last = GENESIS; records.length < length; last = headOf(records.at(-1) as AuditRecord))
    records.push(chain(last, { step: 'step' }, about));
  return records;
};

/** Two runs, on a page each, and two controls. */
const answers = (): Readonly<Record<string, unknown>> => {
  const at = '2030-01-02T03:04:05.000Z';
  const trail = (run_id: string, length: number) => {
    const records = chainOf(run_id, length);
    return { run: run_id, subject: run_id, head: headOf(records.at(-1) as AuditRecord), records };
  };
  const listed = (run: string) => ({ run, workflow: 'w', status: 'closed', createdAt: at, updatedAt: at });
  const controls = ['global', SUBJECT].map((subject) => ({ subject, stopped: true }));
  return {
    '/v1/runs?limit=100': { runs: [listed(RUN)], next: 'more' },
    '/v1/runs?limit=100&cursor=more': { runs: [listed(OTHER)] },
    '/v1/controls': { controls },
    [ONE]: trail(RUN, 2),
    [TWO]: trail(OTHER, 1),
    '/v1/controls/global/audit': trail('global', 1),
    [SCOPE]: trail(SUBJECT, 1),
  };
};

const verify = (failing: Readonly<Record<string, FakeAnswer>>, ...args: readonly string[]) => {
  const given = answers();
  const instead = (path: string): FakeAnswer => failing[path] ?? { status: 200, body: given[path] };
  return writ(['audit', 'verify', ...args], { instead: (_, path, __, query) => instead(path + query) });
};

describe('audit verify of many chains, where some cannot be read', () => {
  it.each([
    ['a run', ONE, `${RUN}: Out of order: second.`, 'Not all was read: 3 chains, 3 records'],
    ['a control', SCOPE, SUBJECT, 'Not all was read: 3 chains, 4 records'],
    ['the rest of the list of runs', '/v1/runs?limit=100&cursor=more', 'the list of runs', '3 chains, 4 records'],
    ['the list of controls', '/v1/controls', 'the list of controls', '2 chains, 3 records'],
  ])('says so of %s, and gives the verdicts on the others', async (_, path, named, summary) => {
    const { code, out } = await verify({ [path]: DOWN }, '--all');
    expect(code).toBe(1);
    expect(out).toContain(`Could not be read: ${named}`);
    expect(out).toContain(summary);
    expect(out).toContain(`0 broken, 1 could not be read.`);
    expect(out).not.toContain('\u001b');
  });

  it('still names what is broken', async () => {
    const broken = { status: 200, body: { run: OTHER, head: { seq: 0, hash: 'a'.repeat(64) }, records: [] } };
    const { code, out } = await verify({ [ONE]: DOWN, [TWO]: broken }, '--all');
    expect(code).toBe(1);
    expect(out).toContain(`Broken: ${OTHER}: the chain does not end as the run says, from record 0 on`);
    expect(out).toContain(`Could not be read: ${RUN}`);
    expect(out).toContain(`Not intact: 3 chains, 2 records, each hash recomputed here; 1 broken, 1 could not be read.`);
  });

  it('gives them as JSON, and takes no answer of another shape for a chain', async () => {
    const { code, out } = await verify({ [TWO]: { status: 200, body: { hello: 'there' } } }, '--all', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      chains: 3,
      broken: [],
      unread: [{ chain: OTHER, because: expect.stringContaining('does not understand') }],
    });
  });

  it.each([
    ['one run alone', ONE, [RUN]],
    ['the list of runs', '/v1/runs?limit=100', ['--all']],
    ['the list of controls alone', '/v1/controls', ['--controls']],
  ])('ends where nothing else is left to look at than %s', async (_, path, args) => {
    const { code, out, err } = await verify({ [path]: DOWN }, ...args);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('Out of order');
  });
});
