import type { Charge, Counter, CounterKey } from './counters.ts';
import { type Limit, type Standing, standingOf } from './limit.ts';

/*
 * A limit that many runs share is spread over shards, each with its own part of it: a run charges the one that its id
 * leads to. One that lacks room sends the run to another, or to several; only where all of them together lack it, the
 * limit refuses. So what a limit has to give is given, but for what more than `MOST_PIECES` pieces would be needed for.
 */

/** An amount is split over at most so many shards. What is stranded then is below `asked × shards ÷ MOST_PIECES`. */
export const MOST_PIECES = 8;

/** Whether a budget warns at this much of it. */
export const isNearly = ({ atMost }: Pick<Limit, 'atMost'>, amount: number): boolean => amount >= 0.8 * atMost;

/** A budget that warns with what is asked of it, and how much of it was used before. */
export interface Nearly {
  readonly limit: Limit;
  readonly used: number;
}

/** What of a limit a shard may give away: equal parts, the first shards one more where it does not divide. */
export const partOf = ({ atMost, shards }: Pick<Limit, 'atMost' | 'shards'>, shard: number): number =>
  Math.floor(atMost / shards) + (shard < atMost % shards ? 1 : 0);

export const shardsOf = ({ subject, window, shards }: Limit): readonly CounterKey[] =>
  Array.from({ length: shards }, (_, shard) => ({ subject, window, shard }));

const isOf =
  ({ subject, window, shard }: CounterKey) =>
  (other: CounterKey): boolean =>
    other.subject === subject && other.window === window && other.shard === shard;

/** How limits take what is asked of them. */
export type Weighed =
  | { readonly kind: 'fits'; readonly charges: readonly Charge[]; readonly nearly: readonly Nearly[] }
  /** It takes a look at every shard of these to tell. */
  | { readonly kind: 'unclear'; readonly limits: readonly Limit[] }
  | { readonly kind: 'refused'; readonly by: Limit['kind']; readonly limits: readonly Standing[] };

interface Shard extends CounterKey {
  readonly used: number;
  readonly free: number;
  readonly lapsed: Charge['lapsed'];
}

/** What is known of counters, and by whom. */
export interface Seen {
  /** The shards that were read, and what was found: one that is not among the counters was never used. */
  readonly asked: readonly CounterKey[];
  readonly counters: readonly Counter[];
  /** The shard that a run charges first, of so many. */
  readonly home: (shards: number) => number;
  readonly now: Date;
}

const shardAs = (limit: Limit, key: CounterKey, { counters, now }: Seen): Shard => {
  const { used = 0, holds = [] } = counters.find(isOf(key)) ?? {};
  const lapsed = holds.filter(({ until }) => until < now.toISOString());
  const left = used - lapsed.reduce((sum, { amount }) => sum + amount, 0);
  return { ...key, used: left, free: Math.max(0, partOf(limit, key.shard) - left), lapsed };
};

const chargeOf = (
  { rule, forgetAt, ...limit }: Limit,
  { subject, window, shard, lapsed }: Shard,
  amount: number
): Charge => ({
  subject,
  window,
  shard,
  rule,
  amount,
  lapsed,
  part: partOf(limit, shard),
  forgetAt,
});

/** The charges that make up an amount: in the next shard from home that has the room, else in several, the emptiest first. */
const spread = (limit: Limit, shards: readonly Shard[], home: number): readonly Charge[] | undefined => {
  const { asked } = limit;
  // not all to the emptiest: runs that leave a full shard at the same moment would only meet again there
  const one = [...shards.slice(home), ...shards.slice(0, home)].find(({ free }) => free >= asked);
  if (one !== undefined) return [chargeOf(limit, one, asked)];
  let left = asked;
  const charges: Charge[] = [];
  for (const shard of shards.toSorted((a, b) => b.free - a.free).slice(0, MOST_PIECES)) {
    const amount = Math.min(left, shard.free);
    if (amount === 0) break;
    charges.push(chargeOf(limit, shard, amount));
    left -= amount;
  }
  return left === 0 ? charges : undefined;
};

type One =
  | { readonly kind: 'fits'; readonly charges: readonly Charge[]; readonly nearly?: Nearly }
  | { readonly kind: 'unclear' }
  | { readonly kind: 'refused'; readonly used: number };

const weighOne = (limit: Limit, seen: Seen): One => {
  const { asked, kind } = limit;
  const home = seen.home(limit.shards);
  const key = { subject: limit.subject, window: limit.window, shard: home };
  const preferred = shardAs(limit, key, seen);
  const isWhole = shardsOf(limit).every((each) => seen.asked.some(isOf(each)));
  if (!isWhole) {
    const isNear = kind === 'budget' && isNearly({ atMost: partOf(limit, home) }, preferred.used + asked);
    // a shard that nobody has read is taken to have room: if it has not, the transaction says so, and it is read
    return preferred.free >= asked && !isNear
      ? { kind: 'fits', charges: [chargeOf(limit, preferred, asked)] }
      : { kind: 'unclear' };
  }
  const shards = shardsOf(limit).map((each) => shardAs(limit, each, seen));
  const used = shards.reduce((sum, each) => sum + each.used, 0);
  const charges = spread(limit, shards, home);
  if (charges === undefined) return { kind: 'refused', used };
  const isNear = kind === 'budget' && isNearly(limit, used + asked);
  return { kind: 'fits', charges, ...(isNear && { nearly: { limit, used } }) };
};

/** Whether every limit takes what is asked of it, and by which charges. What asks for nothing is charged nothing. Pure. */
export const weigh = (limits: readonly Limit[], seen: Seen): Weighed => {
  const each = limits.filter(({ asked }) => asked > 0).map((limit) => ({ limit, one: weighOne(limit, seen) }));
  const unclear = each.filter(({ one }) => one.kind === 'unclear').map(({ limit }) => limit);
  if (unclear.length > 0) return { kind: 'unclear', limits: unclear };
  const refused = each.flatMap(({ limit, one }) => (one.kind === 'refused' ? [{ limit, used: one.used }] : []));
  const [first] = refused;
  if (first !== undefined) {
    const limits = refused.map(({ limit, used }) => standingOf(limit, used));
    return { kind: 'refused', by: first.limit.kind, limits };
  }
  const fitting = each.flatMap(({ one }) => (one.kind === 'fits' ? [one] : []));
  return {
    kind: 'fits',
    charges: fitting.flatMap(({ charges }) => charges),
    nearly: fitting.flatMap(({ nearly }) => nearly ?? []),
  };
};
