import { Verdict } from '../lambdas/core/gate/verdict.ts';
import { openSteps, type Steps } from './governed-steps.ts';
import { cells, quantile } from './statistics.ts';
import { metered } from './write-units.ts';

/** What one step of a governed run writes. */
export interface StepCost {
  readonly step: string;
  /** Calls of DynamoDB, reads included. */
  readonly calls: number;
  /** Items that are written or checked. */
  readonly items: number;
  readonly units: number;
}

/** How fast writs are issued at one concurrency, everything on disk. */
export interface Decided {
  readonly concurrency: number;
  readonly writsPerSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

export interface DecideFigures {
  readonly costs: readonly StepCost[];
  readonly decided: readonly Decided[];
}

const TENANT = 'bench';
const WARM_UP = 200;

/** What each step of a run writes. The run is not the first of its tenant: its counters are there. */
const costsOf = async (
  stepsOver: (connection: ReturnType<typeof metered>['connection']) => Steps,
  real: ReturnType<typeof metered>['connection']
) => {
  const { connection, taken } = metered(real);
  const steps = stepsOver(connection);
  for (const [, step] of await steps.of(TENANT, 'COST-1')) await step();
  taken();
  const costs: StepCost[] = [];
  for (const [step, work] of await steps.of(TENANT, 'COST-2')) {
    await work();
    costs.push({ step, ...taken() });
  }
  return costs;
};

/** Decides runs that have their proposals, so many at once. Every one must get its writ. */
export const measureDecide = async (concurrencies: readonly number[], runs: number): Promise<DecideFigures> => {
  await using opening = await openSteps();
  const costs = await costsOf(opening.stepsOver, opening.connection);
  const steps = opening.stepsOver(opening.connection);
  let issues = 0;
  const batch = async (concurrency: number, count: number) => {
    const ready: (() => Promise<unknown>)[] = [];
    for (let at = 0; at < count; at += 1) {
      issues += 1;
      for (const [step, work] of await steps.of(TENANT, `BENCH-${issues}`)) {
        if (step === 'decide') {
          ready.push(work);
          break;
        }
        await work();
      }
    }
    const times: number[] = [];
    const start = performance.now();
    const worker = async (): Promise<void> => {
      for (let work = ready.pop(); work !== undefined; work = ready.pop()) {
        const began = performance.now();
        const verdict = Verdict.parse(await work());
        if (verdict.kind !== 'authorised')
          throw new Error(`an action of the bench is ${verdict.kind}: ${verdict.rules}`);
        times.push(performance.now() - began);
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return { times, seconds: (performance.now() - start) / 1_000 };
  };

  await batch(8, WARM_UP);
  const decided: Decided[] = [];
  for (const concurrency of concurrencies) {
    const { times, seconds } = await batch(concurrency, runs);
    decided.push({
      concurrency,
      writsPerSecond: runs / seconds,
      p50Ms: quantile(times, 0.5),
      p95Ms: quantile(times, 0.95),
    });
  }
  return { costs, decided };
};

/** Both tables, line by line. */
export const decideLines = ({ costs, decided }: DecideFigures): readonly string[] => {
  const widths = [12, 8, 8, 12];
  const total = (of: (cost: StepCost) => number): number => costs.reduce((sum, cost) => sum + of(cost), 0);
  return [
    'What a governed action writes: items, and write units (each KB begun, twice in a transaction)',
    '',
    cells(['step', 'calls', 'items', 'write units'], widths),
    ...costs.map(({ step, calls, items, units }) => cells([step, calls, items, units], widths)),
    cells(['in all', total(({ calls }) => calls), total(({ items }) => items), total(({ units }) => units)], widths),
    '',
    'Decide, from the look to the writ, everything on disk',
    '',
    cells(['at once', 'writs/s', 'p50 ms', 'p95 ms'], widths),
    ...decided.map(({ concurrency, writsPerSecond, p50Ms, p95Ms }) =>
      cells([concurrency, writsPerSecond.toFixed(1), p50Ms.toFixed(1), p95Ms.toFixed(1)], widths)
    ),
  ];
};
