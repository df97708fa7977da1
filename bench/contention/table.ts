import type { Agenda } from './agenda.ts';

/*
 * What DynamoDB does with transactions, as its documentation says, in virtual time:
 * - An item that is part of an ongoing transaction makes every other transaction that names it fail with
 *   TransactionConflict, whether it would check it or write it. Nothing waits.
 * - Each check and each write of a transaction takes two write units for each KB begun, also where the transaction is cancelled.
 * - A partition gives 1,000 write units a second. Here each partition key has one of its own, as it has after a while of
 *   heat; what a partition has saved up before is left out.
 * How long an item is part of a transaction is not documented. Here it is the whole call, from its arrival to its answer:
 * that is more than it can be, so the figures err to the bad side.
 */

export interface Latency {
  readonly commit: () => number;
  /** A transaction that is cancelled is answered sooner: its first phase has said all. */
  readonly cancel: () => number;
}

const UNITS_A_SECOND = 1_000;

interface Shared {
  /** Transactions that have this item in hand at this moment. */
  ongoing: number;
  /** Write units that are left in the second that began last. */
  left: number;
  second: number;
}

export type Outcome = 'committed' | 'conflict' | 'throttled';

/** Items that many transactions name. Those that one run alone names meet nobody, and are left out. */
export class SimulatedTable {
  readonly #agenda: Agenda;
  readonly #latency: Latency;
  readonly #items = new Map<string, Shared>();

  constructor(agenda: Agenda, latency: Latency) {
    this.#agenda = agenda;
    this.#latency = latency;
  }

  /** Makes a transaction on these items, each no larger than a KB, and says when it is answered. */
  transact(names: readonly string[], answer: (outcome: Outcome) => void): void {
    const items = names.map((name) => this.#item(name));
    const taken = items.filter(({ ongoing }) => ongoing > 0).length;
    const isThrottled = !items.map((item) => this.#take(item)).every(Boolean);
    const outcome = taken > 0 ? 'conflict' : isThrottled ? 'throttled' : 'committed';
    // also one that will be cancelled is ongoing on the items that it found free, until it is
    const mine = items.filter(({ ongoing }) => ongoing === 0);
    for (const item of mine) item.ongoing += 1;
    const tookMs = outcome === 'committed' ? this.#latency.commit() : this.#latency.cancel();
    this.#agenda.plan(this.#agenda.now + tookMs, () => {
      for (const item of mine) item.ongoing -= 1;
      answer(outcome);
    });
  }

  #item(name: string): Shared {
    const known = this.#items.get(name) ?? { ongoing: 0, left: UNITS_A_SECOND, second: 0 };
    this.#items.set(name, known);
    return known;
  }

  #take(item: Shared): boolean {
    const second = Math.floor(this.#agenda.now / 1_000);
    if (item.second !== second) {
      item.second = second;
      item.left = UNITS_A_SECOND;
    }
    if (item.left < 2) return false;
    item.left -= 2;
    return true;
  }
}
