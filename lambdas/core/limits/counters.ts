import type { RunRef } from '../names.ts';

/** Which counter: of what, in which window, and which of its shards. */
export interface CounterKey {
  readonly subject: string;
  readonly window: string;
  readonly shard: number;
}

/** An amount set aside for something whose cost is known only afterwards. Until its time is over it counts as used. */
export interface Hold {
  readonly id: string;
  readonly amount: number;
  readonly until: string;
}

/** One shard of a counter. `used` covers what is held. One that nobody ever used is not kept anywhere. */
export interface Counter extends CounterKey {
  readonly used: number;
  readonly holds: readonly Hold[];
}

/** What one counter is charged with, and what it must be like for that. */
export interface Charge extends CounterKey {
  readonly rule: string;
  readonly amount: number;
  /** Holds whose time is over: they are given back together with this charge. */
  readonly lapsed: readonly Hold[];
  /** What this shard may have used in all, after this charge. */
  readonly part: number;
  readonly forgetAt: string;
}

/** An amount held in several counters at once, by one attempt of a step. */
export interface Reservation {
  readonly id: string;
  readonly until: string;
  /** The first is the run's own counter: where it holds nothing any more, the reservation has been settled. */
  readonly charges: readonly [Charge, ...Charge[]];
}

/** Where an amount is held: what a run's own counter keeps of a reservation, so that it can be settled without whoever made it. */
export interface Held {
  readonly id: string;
  readonly until: string;
  readonly parts: readonly (CounterKey & { readonly amount: number })[];
}

/** Counters, kept by an adapter. Throws `Retryable` and `Terminal` only. */
export interface Counters {
  /** Those that were ever used, each read with strong consistency. */
  read(keys: readonly CounterKey[]): Promise<readonly Counter[]>;
  /** Holds every charge: all, or none and false, where a counter no longer has the room that was seen. */
  reserve(reservation: Reservation): Promise<boolean>;
  /** What a run holds, over or not. */
  heldBy(run: RunRef): Promise<readonly Held[]>;
  /**
   * Ends a reservation: `spent` of it stays used in each of its counters, the rest is given back. Once: a second time, and after its
   * time was over and others took what it held, it changes nothing and is false.
   */
  settle(held: Held, spent: number): Promise<boolean>;
}
