import { Retryable } from '../errors.ts';
import type { Charge, CounterKey, Counters, Held } from './counters.ts';
import { type Nearly, type Seen, shardsOf, type Weighed, weigh } from './escrow.ts';
import type { Limit, Standing } from './limit.ts';

/** Weighs limits, with a look at every shard of those that are unclear without it. */
export const weighWhole = async (
  limits: readonly Limit[],
  counters: Counters,
  first: Seen
): Promise<Exclude<Weighed, { readonly kind: 'unclear' }>> => {
  const found = weigh(limits, first);
  if (found.kind !== 'unclear') return found;
  const keys = found.limits.flatMap(shardsOf);
  const read = await counters.read(keys);
  // what was read last counts: it stands before what was read with the run
  const seen = { ...first, asked: [...keys, ...first.asked], counters: [...read, ...first.counters] };
  return weighWhole(limits, counters, seen); // ends: a limit whose shards have all been read is not unclear
};

/**
 * How long an amount is held for a call whose end nobody has heard of: longer than any function runs, so that what it
 * holds is never given to others while it may still be spent.
 */
export const HELD_SECONDS = 120;

/** How often a reservation is tried anew where others take the room that was seen. */
const TRIES = 8;

export type Reserving =
  /** `nearly`: budgets that would warn if as much were spent as is held. */
  | { readonly kind: 'reserved'; readonly held: Held; readonly nearly: readonly Nearly[] }
  | { readonly kind: 'refused'; readonly limits: readonly Standing[] };

interface Circumstances {
  /** Nobody else's. */
  readonly id: string;
  readonly home: (shards: number) => number;
  readonly now: Date;
}

const isOneOrMore = (charges: readonly Charge[]): charges is readonly [Charge, ...Charge[]] => charges.length > 0;

/**
 * Sets the amount that `limits` ask aside, in all of them or in none; the first is the run's own. What is held counts as used until it is
 * settled, or until its time is over: whoever charges one of its counters after that gives it back with the charge.
 */
export const reserve = async (
  counters: Counters,
  limits: readonly [Limit, ...Limit[]],
  { id, home, now }: Circumstances
): Promise<Reserving> => {
  const until = new Date(now.getTime() + HELD_SECONDS * 1_000).toISOString();
  let asked: readonly CounterKey[] = limits.map(({ subject, window, shards }) => ({
    subject,
    window,
    shard: home(shards),
  }));
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const found = await weighWhole(limits, counters, { asked, counters: await counters.read(asked), home, now });
    if (found.kind === 'refused') return { kind: 'refused', limits: found.limits };
    const { charges, nearly } = found;
    if (!isOneOrMore(charges)) throw new TypeError('a reservation is of something');
    if (await counters.reserve({ id, until, charges })) {
      const parts = charges.map(({ subject, window, shard, amount }) => ({ subject, window, shard, amount }));
      return { kind: 'reserved', held: { id, until, parts }, nearly };
    }
    asked = limits.flatMap(shardsOf);
  }
  throw new Retryable('others kept taking what a reservation was to hold');
};
