import type * as z from 'zod';
import { APPROVAL_ROUNDS, ApprovalHead, ApprovalRequest } from '../../core/gate/approval.ts';
import { Question } from '../../core/ledger.ts';
import type { RunRef } from '../../core/names.ts';
import { Escalation, Input, Plan } from '../../core/records.ts';
import { Run } from '../../core/run.ts';
import { BY_TENANT, chainKey, partition } from '../../core/tables.ts';
import type { Desk, Position } from '../../core/tasks/ports.ts';
import { chainIn } from './chains.ts';
import type { Connection } from './connection.ts';
import { contentOf, expiresAt } from './content.ts';
import { headKey } from './heads.ts';
import { keys } from './keys.ts';
import { sampleItem } from './rollouts.ts';
import { dynamoTable, type Item, type Key } from './table.ts';
import { transact, write } from './transact.ts';

/** Sorts a tenant's runs by time; the run's id keeps those of the same millisecond apart. */
const placeOf = ({ createdAt, run }: Position): string => `${createdAt}#${run}`;

const indexKey = (tenant: string, position: Position) => ({
  gsi1pk: partition.tenant(tenant),
  gsi1sk: placeOf(position),
});

/** The run that an entry of the index stands for. The index need not hold more than keys. */
const keyOf = ({ pk, sk }: Item): Key => ({ pk, sk });

const ACTION = 1;
/** The rounds that a run may ask in. */
const ROUNDS = [0, 1, 2, 3];
const ASKED = APPROVAL_ROUNDS.map((round) => ({ action: ACTION, round }));

/** The desk on DynamoDB. */
export const dynamoDesk = (connection: Connection, names: { readonly state: string; readonly audit: string }): Desk => {
  const state = dynamoTable(connection, names.state);
  const audit = dynamoTable(connection, names.audit);

  const one = async <T>(key: Key, schema: z.ZodType<T>): Promise<T | undefined> => {
    const item = await state.get(key);
    return item && contentOf(schema, item);
  };

  return {
    async create(run, fields, record, sample) {
      const at = new Date(run.createdAt);
      const failed = await transact(connection, [
        {
          refusal: 'exists',
          write: write.putOnce(state.name, { ...keys.run(run), ...indexKey(run.tenant, run), content: run }),
        },
        {
          refusal: 'exists',
          write: write.putOnce(state.name, { ...keys.input(run), content: fields, expiresAt: expiresAt(at) }),
        },
        {
          refusal: 'exists',
          write: write.putOnce(audit.name, { ...keys.audit(chainKey.run(run), record.seq), content: record }),
        },
        ...(sample ? [{ refusal: 'exists' as const, write: write.putOnce(state.name, sampleItem(run, sample)) }] : []),
      ]);
      return failed ?? 'created';
    },

    async createUndo(undo, of) {
      const failed = await transact<'exists' | 'stale'>(connection, [
        {
          refusal: 'exists',
          write: write.putOnce(state.name, {
            ...keys.run(undo.run),
            ...indexKey(undo.run.tenant, undo.run),
            content: undo.run,
          }),
        },
        {
          refusal: 'exists',
          write: write.putOnce(audit.name, {
            ...keys.audit(chainKey.run(undo.run), undo.record.seq),
            content: undo.record,
          }),
        },
        {
          refusal: 'stale',
          write: write.putIf(
            state.name,
            { ...keys.run(of.run), ...indexKey(of.run.tenant, of.run), content: of.run },
            {
              condition: '#content.#head.#hash = :hash AND #content.#status = :closed',
              names: { '#content': 'content', '#head': 'head', '#hash': 'hash', '#status': 'status' },
              values: { ':hash': of.found.hash, ':closed': 'closed' },
            }
          ),
        },
        {
          refusal: 'stale',
          write: write.putOnce(audit.name, {
            ...keys.audit(chainKey.run(of.run), of.record.seq),
            ...headKey(chainKey.run(of.run), of.record), // the chain of a closed run rests again, with one record more
            content: of.record,
          }),
        },
      ]);
      return failed ?? 'created';
    },

    run: (ref) => one(keys.run(ref), Run),

    async file(ref) {
      const items = await state.getAll([
        keys.run(ref),
        keys.plan(ref, ACTION),
        keys.escalation(ref),
        ...ROUNDS.map((round) => keys.question(ref, round)),
        ...ASKED.flatMap((round) => [keys.request(ref, round), keys.approval(ref, round)]),
      ]);
      const at = <T>({ pk, sk }: Key, schema: z.ZodType<T>): T | undefined => {
        const item = items.find((each) => each.pk === pk && each.sk === sk);
        return item && contentOf(schema, item);
      };
      const run = at(keys.run(ref), Run);
      if (run === undefined) return undefined;
      const plan = at(keys.plan(ref, ACTION), Plan);
      const escalation = at(keys.escalation(ref), Escalation);
      const question = ROUNDS.map((round) => at(keys.question(ref, round), Question)).findLast(Boolean);
      const request = ASKED.map((round) => at(keys.request(ref, round), ApprovalRequest)).findLast(Boolean);
      const head = request && at(keys.approval(ref, request), ApprovalHead);
      return {
        run,
        ...(plan && { plan }),
        ...(question && { question }),
        ...(escalation && { escalation }),
        ...(request && { approval: { request, ...(head && { head }) } }),
      };
    },

    async list(tenant, limit, after) {
      const page = await state.query({
        index: BY_TENANT,
        partition: partition.tenant(tenant),
        limit,
        newestFirst: true,
        ...(after && { after: { ...keys.run({ tenant, run: after.run }), ...indexKey(tenant, after) } }),
      });
      const entries = page.items.map(keyOf);
      const found = new Map((await state.getAll(entries)).map((item) => [item.pk, contentOf(Run, item)]));
      const runs = entries.flatMap(({ pk }) => found.get(pk) ?? []);
      const last = runs.at(-1);
      return { runs, ...(page.next && last && { next: { createdAt: last.createdAt, run: last.run } }) };
    },

    chain: (ref) => chainIn(audit, chainKey.run(ref)),

    question: (ref, round) => one(keys.question(ref, round), Question),

    reply: (ref, round) => one(keys.reply(ref, round), Input.shape.fields),

    async keepReply(ref: RunRef, round, fields, at) {
      const item = { ...keys.reply(ref, round), content: fields, expiresAt: expiresAt(at) };
      return contentOf(Input.shape.fields, await state.putOnce(item));
    },
  };
};
