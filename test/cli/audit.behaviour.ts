import { DeleteItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { type AuditRecord, chain, type Head, headOf } from '../../lambdas/core/audit/record.ts';
import { chainKey } from '../../lambdas/core/tables.ts';
import { anApi } from '../support/api.ts';
import { AT } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';
import { givenRun } from '../support/run.ts';
import { answering, writ } from './support/writ.ts';

const LAST = 5;

/** The command, on what the API answers of records that lie in the table. */
describe.skipIf(!hasDynoxide)('audit verify, of a chain that somebody changed in the table', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const linked = (run_id: string, head: Head, step: string): AuditRecord =>
    chain(
      head,
      { step },
      {
        trace_id: 'untraced',
        run_id,
        at: AT.toISOString(),
        user: { id: 'u-1', tenant: 'acme' },
        release: 'f'.repeat(64),
      }
    );

  /** A run that has moved a few times, and the hand of somebody who can write where its records lie. */
  const tampered = async () => {
    const { ref, run, kept } = await givenRun(dynoxide);
    const ledger = dynamoLedger(dynoxide.connection, dynoxide);
    let now = run;
    for (let seq = 1; seq <= LAST; seq += 1) {
      const key = `step#${seq}`;
      const record = linked(ref.run, now.head, key);
      expect(await ledger.move(now, { key, output: {}, rules: [], record })).toBe('moved');
      now = (await kept()).run;
    }
    const { records } = await kept();
    const table = dynamoTable(dynoxide.connection, dynoxide.audit);
    const at = (seq: number) => keys.audit(chainKey.run(ref), seq);
    return {
      run: ref.run,
      records,
      put: (seq: number, content: unknown) => table.put({ ...at(seq), content }),
      putBehind: (seq: number, content: unknown) => table.put({ ...at(seq), sk: `${at(seq).sk}x`, content }),
      remove: (seq: number) =>
        dynoxide.client.send(new DeleteItemCommand({ TableName: dynoxide.audit, Key: marshall(at(seq)) })),
      verify: async () => {
        const { status, body } = await anApi(dynoxide).call('GET', `/v1/runs/${ref.run}/audit`);
        return writ(['audit', 'verify', ref.run], answering(status, body));
      },
    };
  };
  type Tampered = Awaited<ReturnType<typeof tampered>>;

  it('finds nothing where nobody did', async () => {
    const { verify } = await tampered();
    const { code, out } = await verify();
    expect([code, out.trim()]).toEqual([
      0,
      `Intact: 1 chain, ${LAST + 1} records, each hash recomputed here; 0 broken.`,
    ]);
  });

  it.each<[string, (those: Tampered) => Promise<unknown>, string]>([
    ['a deleted record', ({ remove }) => remove(2), 'record 2 is missing: expected record 2, found record 3'],
    [
      'swapped records',
      async ({ put, records }) => {
        await put(2, records[4]);
        await put(4, records[2]);
      },
      'record 2 is missing: expected record 2, found record 4',
    ],
    [
      'a record that was put in and follows the one before it',
      ({ run, putBehind, records }) => putBehind(2, linked(run, headOf(records[2] as AuditRecord), 'forged')),
      'record 4 is not where it belongs: expected record 4, found record 3',
    ],
    ['a changed record', ({ put, records }) => put(2, { ...records[2], step: 'forged' }), 'record 2 was changed'],
    [
      'a record of another shape',
      ({ put, records }) => put(2, { ...records[2], verdict: 'forged' }),
      'the server says: record 2 is not a record of an audit.',
    ],
    [
      'an end that was cut off',
      async ({ remove }) => {
        await remove(LAST - 1);
        await remove(LAST);
      },
      `the chain does not end as the run says, from record ${LAST - 1} on`,
    ],
  ])('names the record and what is wrong first, of %s', async (_, tamper, said) => {
    const those = await tampered();
    await tamper(those);
    const { code, out } = await those.verify();
    expect(code).toBe(1);
    expect(out.startsWith(`Broken: ${those.run}: ${said}`), out).toBe(true);
    expect(out).toContain('Not intact: 1 chain');
  });
});
