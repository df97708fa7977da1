import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { type AuditRecord, chain, GENESIS, headOf } from '../../lambdas/core/audit/record.ts';
import { faultOf } from '../../lambdas/core/audit/verify.ts';
import { type FakeApi, startFakeApi } from './support/fake-api.ts';
import { aShell } from './support/shell.ts';

const RUN = 'a'.repeat(26);
const about = {
  trace_id: '1-2-3',
  run_id: RUN,
  at: '2030-01-02T03:04:05.000Z',
  user: { id: 'somebody', tenant: 'demo' },
  release: 'f'.repeat(64),
};
const first = chain(GENESIS, { step: 'submit', result: { status: 'accepted', retries: 0 } }, about);
const second = chain(
  headOf(first),
  {
    step: 'decide',
    policy: { decision: 'authorised', rule_ids: ['RULE_ONE'], version: '7' },
    args_redacted: { ä: ['é', null, 1.5] },
  },
  about
);
const records = [first, second];
const head = headOf(second);

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});
const audit = async (body: unknown, ...more: readonly string[]) => {
  api = await startFakeApi({ instead: () => ({ status: 200, body }) });
  const { shell, written } = aShell({ env: { WRIT_API: api.url, WRIT_TOKEN: 't' } });
  return { code: await main(['audit', RUN, ...more], shell), ...written };
};

describe('audit', () => {
  it('shows a chain and that it is intact, as it reckons itself', async () => {
    const { code, out } = await audit({ run: RUN, head, records });
    expect(code).toBe(0);
    expect(out).toMatch(/^# {2}AT +STEP +DECISION +RULES/);
    expect(out).toMatch(/1 {2}2030-01-02 03:04:05Z {2}decide +authorised +RULE_ONE/);
    expect(out).toContain(`Intact: 2 records, each hash recomputed here, up to head ${head.hash.slice(0, 16)}.`);
  });

  const changed = (record: AuditRecord, more: object) => ({ ...record, ...more });
  it.each([
    ['a changed member', [first, changed(second, { step: 'other' })], head, 'record 1 was changed'],
    [
      'a changed member deep inside',
      [first, changed(second, { policy: { ...second.policy, version: '8' } })],
      head,
      'record 1 was changed',
    ],
    ['an added member', [first, changed(second, { extra: 1 })], head, 'record 1 was changed'],
    ['a missing record', [second], head, 'record 0 is missing'],
    ['an end cut off', [first], head, 'the chain does not end as the run says, from record 1 on'],
    ['a record that follows another', [first, changed(second, { prev_hash: 'e'.repeat(64) })], head, 'does not follow'],
  ])('finds %s, whatever the server says', async (_, given, end, message) => {
    const { code, out } = await audit({ run: RUN, head: end, records: given });
    expect(code).toBe(1);
    expect(out).toContain('Broken:');
    expect(out).toContain(message);
  });

  it('finds the whole chain of another run', async () => {
    const other = chain(GENESIS, { step: 'submit' }, { ...about, run_id: 'b'.repeat(26) });
    const { code, out } = await audit({ run: RUN, head: headOf(other), records: [other] });
    expect(code).toBe(1);
    expect(out).toContain('record 0 is of another run');
  });

  it('believes the server where it has found a fault', async () => {
    const { code, out } = await audit({ run: RUN, head, records, fault: 'record 1 is gone' });
    expect(code).toBe(1);
    expect(out).toContain('Broken: record 1 is gone.');
  });

  const END = 'the chain does not end as the run says, from record 1 on';
  it('says what the server alone has seen, before what that looks like from here', async () => {
    const given = { run: RUN, head, records: [first], fault: 'record 1 is not a record of an audit' };
    const { code, out } = await audit(given);
    expect(code).toBe(1);
    expect(out).toMatch(
      /Broken: record 1 is not a record of an audit\.\nBroken: the chain does not end as the run says/
    );
    await api?.close();

    const { fault, intact } = JSON.parse((await audit(given, '--json')).out);
    expect(intact).toBe(false);
    expect(fault).toContain(`record 1 is not a record of an audit; ${END}`);
  });

  it('says once what both have found', async () => {
    const fault = faultOf([first], head);
    const { out } = await audit({ run: RUN, head, records: [first], fault });
    expect(out.split(END)).toHaveLength(2);
  });

  it('prints the chain as it came, and its own verdict', async () => {
    const { code, out } = await audit({ run: RUN, head, records }, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ run: RUN, head, records, intact: true });
  });

  it('agrees with how chains are made', () => expect(faultOf(records, head)).toBeUndefined());
});

describe('audit verify', () => {
  const OTHER = 'b'.repeat(26);
  const alone = chain(GENESIS, { step: 'submit' }, { ...about, run_id: OTHER });
  const listed = (run: string) => ({ run, workflow: 'w', status: 'closed', createdAt: about.at, updatedAt: about.at });
  const pages: Readonly<Record<string, unknown>> = {
    '/v1/controls': { controls: [] },
    '/v1/runs?limit=100': { runs: [listed(RUN)], next: 'more' },
    '/v1/runs?limit=100&cursor=more': { runs: [listed(OTHER)] },
  };
  const verify = async (trails: Readonly<Record<string, unknown>>, ...args: readonly string[]) => {
    const answers = { ...pages, ...trails };
    api = await startFakeApi({ instead: (_, path, __, query) => ({ status: 200, body: answers[path + query] }) });
    const { shell, written } = aShell({ env: { WRIT_API: api.url, WRIT_TOKEN: 't' } });
    return { code: await main(['audit', 'verify', ...args], shell), ...written };
  };
  const ONE = `/v1/runs/${RUN}/audit`;
  const TWO = `/v1/runs/${OTHER}/audit`;
  const whole = {
    [ONE]: { run: RUN, head, records },
    [TWO]: { run: OTHER, head: headOf(alone), records: [alone] },
  };

  it('verifies one run', async () => {
    const { code, out } = await verify(whole, RUN);
    expect(code).toBe(0);
    expect(out.trim()).toBe('Intact: 1 chain, 2 records, each hash recomputed here; 0 broken.');
  });

  it('verifies every run, page by page', async () => {
    const { code, out } = await verify(whole, '--all');
    expect(code).toBe(0);
    expect(out.trim()).toBe('Intact: 2 chains, 3 records, each hash recomputed here; 0 broken.');
  });

  const SUBJECT = 'scope:jira:write';
  const stop = chain(GENESIS, { step: 'control' }, { ...about, run_id: SUBJECT });
  const controls = {
    '/v1/controls': {
      controls: [
        { subject: 'global', stopped: false },
        { subject: SUBJECT, stopped: true },
      ],
    },
    '/v1/controls/global/audit': { subject: 'global', head: headOf(stop), records: [stop] },
    '/v1/controls/scope/jira%3Awrite/audit': { subject: SUBJECT, head: headOf(stop), records: [stop] },
  };

  it.each([
    ['--controls', 2],
    ['--all', 4],
  ])('verifies controls with %s, and finds the chain of another', async (option, chains) => {
    const { code, out } = await verify({ ...whole, ...controls }, option);
    expect(code).toBe(1);
    expect(out).toContain(`Broken: global: record 0 is of another run`);
    expect(out).toContain(`Not intact: ${chains} chains`);
    expect(out).toContain('1 broken');
  });

  it('verifies the runs of somebody who may not see controls, and says so', async () => {
    const instead = (path: string, query: string) =>
      path === '/v1/controls'
        ? { status: 403, body: { title: 'no' } }
        : { status: 200, body: { ...pages, ...whole }[path + query] };
    api = await startFakeApi({ instead: (_, path, __, query) => instead(path, query) });
    const { shell, written } = aShell({ env: { WRIT_API: api.url, WRIT_TOKEN: 't' } });
    expect(await main(['audit', 'verify', '--all'], shell)).toBe(0);
    expect(written.out).toContain('Intact: 2 chains');
    expect(written.err).toContain('Controls were not looked at');
    expect(await main(['audit', 'verify', '--controls'], shell)).toBe(1);
  });

  it('names each record at fault, its chain, what was expected and what was found', async () => {
    const forged = { ...alone, step: '\u001b[31mforged' };
    const given = {
      [ONE]: { run: RUN, head, records: [second] },
      [TWO]: { run: OTHER, head: headOf(alone), records: [forged] },
    };
    const { code, out } = await verify(given, '--all');
    expect(code).toBe(1);
    expect(out).toContain(`Broken: ${RUN}: record 0 is missing: expected record 0, found record 1.`);
    expect(out).toContain(`Broken: ${OTHER}: record 0 was changed`);
    expect(out).toContain(`found ${alone.hash}.`);
    expect(out).toContain('Not intact: 2 chains, 2 records, each hash recomputed here; 2 broken.');
  });

  it('finds the whole chain of another run, and passes on nothing hostile', async () => {
    const hostile = chain(GENESIS, { step: 'submit' }, { ...about, run_id: '\u001b[2J' });
    const { code, out } = await verify({ [ONE]: { run: RUN, head: headOf(hostile), records: [hostile] } }, RUN);
    expect(code).toBe(1);
    expect(out).toContain('record 0 is of another run');
    expect(out).not.toContain('\u001b');
  });

  const UNREADABLE = 'record 1 is not a record of an audit';
  const cut = { [ONE]: { run: RUN, head, records: [first], fault: UNREADABLE } };
  it('says what the server alone has seen, before what that looks like from here', async () => {
    const { code, out } = await verify(cut, RUN);
    expect(code).toBe(1);
    const [said, found] = out.split('\n');
    expect(said).toBe(`Broken: ${RUN}: the server says: ${UNREADABLE}.`);
    expect(found).toContain(`Broken: ${RUN}: the chain does not end as the run says, from record 1 on`);
  });

  it('gives as JSON what the server alone has seen, and not what was found here too', async () => {
    expect(JSON.parse((await verify(cut, RUN, '--json')).out)).toMatchObject({
      broken: [{ chain: RUN, findings: [{ seq: 1, kind: 'end' }], fault: UNREADABLE }],
    });
    await api?.close();

    const both = { [ONE]: { run: RUN, head, records: [first], fault: faultOf([first], head) } };
    const [broken] = JSON.parse((await verify(both, RUN, '--json')).out).broken;
    expect(broken.findings).toHaveLength(1);
    expect(broken).not.toHaveProperty('fault');
  });

  it('gives the findings as JSON', async () => {
    const { code, out } = await verify({ ...whole, [ONE]: { run: RUN, head, records: [first] } }, '--all', '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      chains: 2,
      records: 2,
      broken: [{ chain: RUN, findings: [{ seq: 1, kind: 'end' }] }],
    });
  });

  it('takes a run or --all, not both and not neither', async () => {
    expect((await verify(whole)).code).toBe(2);
    await api?.close();
    expect((await verify(whole, RUN, '--all')).code).toBe(2);
  });
});
