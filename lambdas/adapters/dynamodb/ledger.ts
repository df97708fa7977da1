import type * as z from 'zod';
import { controlsOver, shardOf } from '../../core/gate/controls.ts';
import type { Deed, Dossier, Ledger, Move, Wanted } from '../../core/ledger.ts';
import type { RunRef } from '../../core/names.ts';
import { Claim, Control, Input, Plan, Reading, Writ } from '../../core/records.ts';
import { Run } from '../../core/run.ts';
import { chainKey } from '../../core/tables.ts';
import type { Connection } from './connection.ts';
import { contentOf, expiresAt } from './content.ts';
import { controlCheck } from './controls.ts';
import { chargeWrite, countersAmong } from './counters.ts';
import { keys } from './keys.ts';
import { dynamoTable, type Key } from './table.ts';
import { type Guarded, transact, write } from './transact.ts';

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

/** Replies that a run can have: more rounds than any workflow asks. */
const REPLIES = [0, 1, 2, 3];

const wantedKeys = (ref: RunRef, wanted: Wanted): readonly Key[] => [
  keys.run(ref),
  ...(wanted.input ? [keys.input(ref), ...REPLIES.map((round) => keys.reply(ref, round))] : []),
  ...(wanted.plan === undefined ? [] : [keys.plan(ref, wanted.plan)]),
  ...(wanted.readings ?? []).map((reading) => keys.reading(ref, reading)),
  ...(wanted.writ ? [keys.writ(ref, wanted.writ.scope, wanted.writ.action)] : []),
  ...(wanted.claim ? [keys.claim(ref, wanted.claim.scope, wanted.claim.action)] : []),
  ...(wanted.controls ?? []).map((subject) => keys.control(subject, shardOf(ref))),
  ...(wanted.counters ?? []).map(keys.counter),
];

/** The conditional change of a run, and the audit record with which it makes sense: both go into the same transaction. */
const moveWrites = (state: string, audit: string, run: Run, move: Move): readonly Guarded<'stale'>[] => {
  const values = {
    ':hash': run.head.hash,
    ':closed': 'closed',
    ':output': move.output,
    ':rules': move.rules,
    ':head': { seq: move.record.seq, hash: move.record.hash },
    ':at': move.record.at,
    ...(move.status && { ':status': move.status }),
    ...(move.outcome && { ':outcome': move.outcome }),
  };
  const update = [
    'SET #content.#steps.#key = :output',
    '#content.#rules = :rules',
    '#content.#head = :head',
    '#content.#updatedAt = :at',
    ...(move.status ? ['#content.#status = :status'] : []),
    ...(move.outcome ? ['#content.#outcome = :outcome'] : []),
  ].join(', ');
  const names = {
    '#content': 'content',
    '#steps': 'steps',
    '#key': move.key,
    '#rules': 'rules',
    '#head': 'head',
    '#hash': 'hash',
    '#updatedAt': 'updatedAt',
    '#status': 'status',
    ...(move.outcome && { '#outcome': 'outcome' }),
  };
  const condition = '#content.#head.#hash = :hash AND #content.#status <> :closed';
  return [
    { refusal: 'stale', write: write.update(state, keys.run(run), update, { condition, names, values }) },
    {
      refusal: 'stale',
      write: write.putOnce(audit, { ...keys.audit(chainKey.run(run), move.record.seq), content: move.record }),
    },
  ];
};

/** The ledger on DynamoDB. Each write of a transaction carries the condition that it relies on. */
export const dynamoLedger = (
  connection: Connection,
  names: { readonly state: string; readonly audit: string }
): Ledger => {
  const state = dynamoTable(connection, names.state);

  const deedWrites = (run: Run, deed: Deed): readonly Guarded<'stale' | 'full'>[] => {
    if (deed.kind === 'escalate')
      return [
        {
          refusal: 'stale',
          write: write.putOnce(state.name, { ...keys.escalation(run), content: deed.escalation }),
        },
      ];
    if (deed.kind === 'ask')
      return [
        {
          refusal: 'stale',
          write: write.putOnce(state.name, { ...keys.question(run, deed.question.round), content: deed.question }),
        },
      ];
    const { writ, modeOf, charges } = deed;
    return [
      {
        refusal: 'stale',
        write: write.putOnce(state.name, { ...keys.writ(run, writ.scope, writ.action), content: writ }),
      },
      ...controlsOver(run.tenant, run.workflow, writ.scope).map(({ subject, rule }) => ({
        refusal: 'stale' as const,
        write: controlCheck(state.name, keys.control(subject, shardOf(run)), {
          now: new Date(writ.issuedAt),
          ...(rule === 'STOPPED_TENANT' && { mode: modeOf }),
        }),
      })),
      // last, so that a counter is named only where everything else is as it was seen
      ...charges.map((charge) => ({ refusal: 'full' as const, write: chargeWrite(state.name, charge) })),
    ];
  };

  return {
    async look(ref, wanted): Promise<Dossier | undefined> {
      const items = await state.getAll(wantedKeys(ref, wanted));
      const found = new Map(items.map((item) => [`${item.pk}/${item.sk}`, item]));
      const at = <T>({ pk, sk }: Key, schema: z.ZodType<T>): T | undefined => {
        const item = found.get(`${pk}/${sk}`);
        return item && contentOf(schema, item);
      };
      const run = at(keys.run(ref), Run);
      if (run === undefined) return undefined;
      const fields = at(keys.input(ref), Input.shape.fields);
      const replies = REPLIES.map((round) => at(keys.reply(ref, round), Input.shape.fields)).filter(isPresent);
      const plan = wanted.plan === undefined ? undefined : at(keys.plan(ref, wanted.plan), Plan);
      const writ = wanted.writ && at(keys.writ(ref, wanted.writ.scope, wanted.writ.action), Writ);
      const claim = wanted.claim && at(keys.claim(ref, wanted.claim.scope, wanted.claim.action), Claim);
      return {
        run,
        ...(fields && { input: { fields, replies } }),
        ...(plan && { plan }),
        readings: (wanted.readings ?? []).map((reading) => at(keys.reading(ref, reading), Reading)).filter(isPresent),
        ...(writ && { writ }),
        ...(claim && { claim }),
        controls: (wanted.controls ?? [])
          .map((subject) => at(keys.control(subject, shardOf(ref)), Control))
          .filter(isPresent),
        counters: countersAmong(items, wanted.counters ?? []),
      };
    },

    async move(run, move, deed) {
      const guarded = [...moveWrites(state.name, names.audit, run, move), ...(deed ? deedWrites(run, deed) : [])];
      return (await transact(connection, guarded)) ?? 'moved';
    },

    async plan(ref, plan, at) {
      const item = await state.putOnce({ ...keys.plan(ref, plan.action), content: plan, expiresAt: expiresAt(at) });
      return contentOf(Plan, item);
    },

    async askAgain(ref, question) {
      // unlike everything else here the last one wins: only the newest task token is still waited for
      await state.put({ ...keys.question(ref, question.round), content: question });
    },
  };
};
