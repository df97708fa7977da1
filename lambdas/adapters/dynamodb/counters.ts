import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import * as z from 'zod';
import type { Charge, Counter, CounterKey, Counters, Held, Hold } from '../../core/limits/counters.ts';
import { counted } from '../../core/tables.ts';
import type { Connection } from './connection.ts';
import { unknownHere } from './content.ts';
import { keys } from './keys.ts';
import { dynamoTable, type Item } from './table.ts';
import { type Guarded, transact, write } from './transact.ts';

/*
 * A counter's item: `used`, when it may be deleted, and an attribute for each hold, `hold#<id>`. Unlike everything else it has no
 * `content`, since DynamoDB adds to and sets attributes of an item that does not exist yet only at its top. Conditions know no
 * arithmetic: so `used` covers what is held, and the condition compares it with what the part leaves for the amount.
 */

const HOLD = 'hold#';
const Whole = z.int().nonnegative();
const Place = z.strictObject({ subject: z.string(), window: z.string(), shard: Whole, amount: Whole });
const KeptHold = z.strictObject({ amount: Whole, until: z.iso.datetime(), parts: z.array(Place).optional() });
const Kept = z.object({ used: Whole, expiresAt: Whole });

const keptHolds = (item: Item) =>
  Object.entries(item)
    .filter(([name]) => name.startsWith(HOLD))
    .map(([name, value]) => ({ id: name.slice(HOLD.length), kept: KeptHold.safeParse(value) }));

const counterFrom = (key: CounterKey, item: Item): Counter => {
  const counter = Kept.safeParse(item);
  if (!counter.success) throw unknownHere(`counter ${item.pk} / ${item.sk}`, counter.error);
  const holds = keptHolds(item).map(({ id, kept }): Hold => {
    if (!kept.success) throw unknownHere(`hold ${id} of counter ${item.pk} / ${item.sk}`, kept.error);
    return { id, amount: kept.data.amount, until: kept.data.until };
  });
  return { ...key, used: counter.data.used, holds };
};

/** Those of the counters that are among these items. */
export const countersAmong = (items: readonly Item[], wanted: readonly CounterKey[]): readonly Counter[] => {
  const found = new Map(items.map((item) => [`${item.pk}/${item.sk}`, item]));
  return wanted.flatMap((key) => {
    const { pk, sk } = keys.counter(key);
    const item = found.get(`${pk}/${sk}`);
    return item ? [counterFrom(key, item)] : [];
  });
};

const secondsOf = (at: string): number => Math.floor(Date.parse(at) / 1_000);

interface NewHold extends Hold {
  readonly parts?: Held['parts'];
}

/** Charges a counter and gives back what has lapsed there. Holds as long as the counter is not over its part with it. */
export const chargeWrite = (
  table: string,
  { amount, lapsed, part, forgetAt, ...key }: Charge,
  hold?: NewHold
): TransactWriteItem => {
  const change = amount - lapsed.reduce((sum, each) => sum + each.amount, 0);
  const names = Object.fromEntries(lapsed.map(({ id }, at) => [`#lapsed${at}`, `${HOLD}${id}`]));
  const gone = Object.keys(names);
  const isThere = gone.map((name) => `attribute_exists(${name})`);
  const hasRoom = gone.length === 0 ? '(attribute_not_exists(#used) OR #used <= :most)' : '#used <= :most';
  return write.update(
    table,
    keys.counter(key),
    [
      `SET #expiresAt = :expiresAt${hold ? ', #hold = :hold' : ''}`,
      ...(gone.length > 0 ? [`REMOVE ${gone.join(', ')}`] : []),
      'ADD #used :change',
    ].join(' '),
    {
      condition: [hasRoom, ...isThere].join(' AND '),
      names: { '#used': 'used', '#expiresAt': 'expiresAt', ...names, ...(hold && { '#hold': `${HOLD}${hold.id}` }) },
      values: {
        ':change': change,
        ':most': part - change,
        ':expiresAt': secondsOf(forgetAt),
        ...(hold && { ':hold': { amount: hold.amount, until: hold.until, ...(hold.parts && { parts: hold.parts }) } }),
      },
    }
  );
};

const settleWrite = (
  table: string,
  id: string,
  { amount, ...key }: CounterKey & { readonly amount: number },
  spent: number
): TransactWriteItem =>
  write.update(table, keys.counter(key), 'REMOVE #hold ADD #used :back', {
    condition: 'attribute_exists(#hold)',
    names: { '#used': 'used', '#hold': `${HOLD}${id}` },
    values: { ':back': spent - amount },
  });

/**
 * What each part of a reservation keeps: of one counter that is spread over several shards, they share what was spent. What was spent beyond
 * what was held was spent all the same: the last part has it.
 */
const settledParts = (parts: Held['parts'], spent: number) =>
  Map.groupBy(parts, ({ subject, window }) => `${subject}/${window}`)
    .values()
    .flatMap((those) => {
      let left = spent;
      return those.map((part, at) => {
        const kept = at === those.length - 1 ? left : Math.min(left, part.amount);
        left -= kept;
        return { part, kept };
      });
    })
    .toArray();

/** Counters on DynamoDB. */
export const dynamoCounters = (connection: Connection, table: string): Counters => {
  const state = dynamoTable(connection, table);
  return {
    async read(wanted) {
      return countersAmong(await state.getAll(wanted.map(keys.counter)), wanted);
    },

    async reserve({ id, until, charges }) {
      const parts = charges.map(({ subject, window, shard, amount }) => ({ subject, window, shard, amount }));
      const failed = await transact(
        connection,
        charges.map((charge, at) => ({
          refusal: charge.rule,
          write: chargeWrite(table, charge, { id, until, amount: charge.amount, ...(at === 0 && { parts }) }),
        }))
      );
      return failed === undefined;
    },

    async heldBy(run) {
      const item = await state.get(keys.counter({ subject: counted.byRun(run), window: 'run', shard: 0 }));
      return (item ? keptHolds(item) : []).flatMap(({ id, kept }): readonly Held[] =>
        kept.data?.parts ? [{ id, until: kept.data.until, parts: kept.data.parts }] : []
      );
    },

    async settle({ id, parts }, spent) {
      // only the first is there exactly as long as nobody has settled: others may have been given back after their time
      let open = settledParts(parts, spent);
      for (;;) {
        const guarded = open.map(
          ({ part, kept }, at): Guarded<string> => ({ refusal: String(at), write: settleWrite(table, id, part, kept) })
        );
        const failed = await transact(connection, guarded);
        if (failed === undefined) return true;
        if (failed === '0') return false;
        open = open.filter((_, at) => String(at) !== failed);
      }
    },
  };
};
