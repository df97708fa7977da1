import { afterEach, describe, expect, it } from 'vitest';
import { chainFault } from '../../cli/chain.ts';
import { main } from '../../cli/main.ts';
import { type AuditRecord, chain, GENESIS, headOf } from '../../lambdas/core/audit/record.ts';
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
    ['an end cut off', [first], head, 'the chain ends at record 0, the run says record 1'],
    ['a record that follows another', [first, changed(second, { prev_hash: 'e'.repeat(64) })], head, 'does not follow'],
  ])('finds %s, whatever the server says', async (_, given, end, message) => {
    const { code, out } = await audit({ run: RUN, head: end, records: given });
    expect(code).toBe(1);
    expect(out).toContain('Broken:');
    expect(out).toContain(message);
  });

  it('believes the server where it has found a fault', async () => {
    const { code, out } = await audit({ run: RUN, head, records, fault: 'record 1 is gone' });
    expect(code).toBe(1);
    expect(out).toContain('Broken: record 1 is gone.');
  });

  it('prints the chain as it came, and its own verdict', async () => {
    const { code, out } = await audit({ run: RUN, head, records }, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({ run: RUN, head, records, intact: true });
  });

  it('agrees with how chains are made', () => expect(chainFault({ records, head })).toBeUndefined());
});
