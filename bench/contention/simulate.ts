import { seededChance } from '../../local/states/chance.ts';
import { quantile } from '../statistics.ts';
import { Agenda } from './agenda.ts';
import { latencyFrom } from './latency.ts';
import { SimulatedTable } from './table.ts';

export interface Traffic {
  /** Governed actions that begin each second, one after the other at random. */
  readonly perSecond: number;
  /** They belong to so many tenants, evenly. */
  readonly tenants: number;
  /** Of each control, and of each counter of the workflow. */
  readonly shards: number;
  /** Of each counter of a tenant. */
  readonly tenantShards: number;
  /** How long actions begin. */
  readonly seconds: number;
}

export interface Simulated extends Traffic {
  /** Actions that were decided and claimed, for each second in which some began. */
  readonly achieved: number;
  /** How many of them were, in time or a while after it. Where it is not all, the table has broken down. */
  readonly done: number;
  /** Of all tries of a transaction, how many met a conflict, and how many a throttle. */
  readonly conflicts: number;
  readonly throttled: number;
  /** Of a decision, with its repetitions. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of all decisions and claims, how many their state machine had to repeat. */
  readonly retried: number;
}

/** A call of DynamoDB from a function in the same region: what it is taken to take. */
const COMMIT_MS = { median: 10, p99: 40 };
const CANCEL_MS = { median: 6, p99: 25 };

/** As `transact` in `lambdas/adapters/dynamodb` does: so many tries, with a pause up to 20 ms that doubles. */
const TRIES = 5;
const PAUSE_MS = 20;
/** As `retry.harmless` in `statemachines/segments` does: up to a second, which doubles up to fifteen. */
const RETRY_MS = 1_000;
const MOST_RETRY_MS = 15_000;
/** What is not done so long after the last action began is not waited for. */
const PATIENCE_MS = 5_000;
/** Between a decision and its claim: the ruling, and the call of the tool's function. */
const BETWEEN_MS = 50;

/** What every decision and every claim check beside the tenant's own control; what a decision charges to a tenant. */
const CONTROLS = ['global', 'workflow', 'scope'];
const COUNTERS = ['budget', 'rate', 'cap'];

/** Lets traffic run against one table, in virtual time. The same traffic gives the same result. */
export const simulate = (traffic: Traffic): Simulated => {
  const { perSecond, tenants, shards, tenantShards, seconds } = traffic;
  const random = seededChance(perSecond * 31 + tenants * 17 + shards).random;
  const agenda = new Agenda();
  const table = new SimulatedTable(agenda, {
    commit: latencyFrom(random, COMMIT_MS.median, COMMIT_MS.p99),
    cancel: latencyFrom(random, CANCEL_MS.median, CANCEL_MS.p99),
  });
  const tally = { tries: 0, conflict: 0, throttled: 0, committed: 0, retried: 0, calls: 0, begun: 0, claimed: 0 };
  const decided: number[] = [];

  const call = (items: readonly string[], done: () => void): void => {
    tally.calls += 1;
    const attempt = (tries: number, round: number): void => {
      table.transact(items, (outcome) => {
        tally.tries += 1;
        tally[outcome] += 1;
        if (outcome === 'committed') return done();
        if (tries < TRIES)
          return agenda.plan(agenda.now + random() * PAUSE_MS * 2 ** tries, () => attempt(tries + 1, round));
        if (round === 0) tally.retried += 1;
        const most = Math.min(MOST_RETRY_MS, RETRY_MS * 2 ** round);
        agenda.plan(agenda.now + random() * most, () => attempt(1, round + 1));
      });
    };
    attempt(1, 0);
  };

  const act = (): void => {
    const tenant = Math.floor(random() * tenants);
    const hash = Math.floor(random() * 2 ** 32); // of the run's id: it leads to one shard of everything
    const checks = [...CONTROLS, `tenant-${tenant}`].map((control) => `control/${control}/${hash % shards}`);
    const counters = COUNTERS.map((counter) => `${counter}/${tenant}/${hash % tenantShards}`);
    const began = agenda.now;
    tally.begun += 1;
    call([...checks, `budget/workflow/${hash % shards}`, ...counters], () => {
      decided.push(agenda.now - began);
      agenda.plan(agenda.now + BETWEEN_MS, () =>
        call(checks, () => {
          tally.claimed += 1;
        })
      );
    });
  };

  for (let at = 0; at < seconds * 1_000; at += (-Math.log(1 - random()) * 1_000) / perSecond) agenda.plan(at, act);
  agenda.run(seconds * 1_000 + PATIENCE_MS);
  const late = Array.from({ length: tally.begun - decided.length }, () => Number.POSITIVE_INFINITY);
  return {
    ...traffic,
    achieved: tally.claimed / seconds,
    done: tally.claimed / tally.begun,
    conflicts: tally.conflict / tally.tries,
    throttled: tally.throttled / tally.tries,
    p50Ms: quantile([...decided, ...late], 0.5),
    p95Ms: quantile([...decided, ...late], 0.95),
    retried: tally.retried / tally.calls,
  };
};
