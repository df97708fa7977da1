import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Counters } from '../local/stack.ts';
import { boot, DESCRIPTION, type Machine, PASSWORD, SUMMARY } from './machine.ts';
import { quantile } from './statistics.ts';

/** What one governed run costs at one concurrency. Times in milliseconds. */
export interface Measured {
  readonly concurrency: number;
  readonly runs: number;
  readonly runsPerSecond: number;
  /** From the request to the end of the execution. */
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** Of these, from the request to the API's answer. */
  readonly acceptedP50Ms: number;
  readonly perRun: {
    readonly dynamodbCalls: number;
    readonly transitions: number;
    /** Of the journal; DynamoDB's own come on top, one for each write. */
    readonly fsyncs: number;
    readonly invocations: number;
    /** Of a CPU: the process that holds interpreter, endpoint, gateway, Jira's sandbox and this client; functions; dynoxide. */
    readonly cpuMs: Readonly<Record<'main' | 'functions' | 'database', number>>;
    /**
     * Where the time between request and end went: in functions, the time that they waited for the endpoint left out; in the
     * database; in the stack: its journal, and the rest of it. They add up to `meanMs`, and mean something where runs do not overlap.
     */
    readonly wallMs: Readonly<Record<'functions' | 'database' | 'journal' | 'rest', number>>;
    readonly meanMs: number;
  };
}

/** Each function has a few processes, and each takes some hundred invocations until its code is compiled. */
const WARM_UP = { runs: 400, concurrency: 8 };

const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, n) => sum + n, 0);

/** One run through the HTTP API, from the request to the end of its execution. Rejects if it did not end well. */
const governedRun = async (
  { stack, jira, ended }: Machine,
  { token, issueKey, traced }: { readonly token: string; readonly issueKey: string; readonly traced: boolean }
) => {
  jira.addIssue({ key: issueKey, summary: SUMMARY, description: DESCRIPTION });
  const start = performance.now();
  const response = await fetch(`${stack.apiUrl}/v1/tasks`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(traced ? {} : { 'x-amzn-trace-id': 'Sampled=0' }),
    },
    body: JSON.stringify({
      workflow: 'ticket-triage',
      input: { summary: SUMMARY, description: DESCRIPTION, issueKey },
    }),
    signal: AbortSignal.timeout(60_000),
  });
  const { run } = (await response.json()) as { run: string };
  const acceptedMs = performance.now() - start;
  const status = await ended(run);
  if (status !== 'SUCCEEDED' || jira.issue(issueKey)?.components.join() !== 'Network')
    throw new Error(`run ${run} ended as ${status} without its effect`);
  return { acceptedMs, ms: performance.now() - start };
};

/** What each run took of it, at the mean. */
const perRun = <Part extends string>(
  before: Readonly<Record<Part, number>>,
  after: Readonly<Record<Part, number>>,
  runs: number
): Readonly<Record<Part, number>> => {
  const parts = Object.keys(after) as Part[];
  return Object.fromEntries(parts.map((part) => [part, (after[part] - before[part]) / runs])) as Record<Part, number>;
};

const wallOf = (before: Counters, after: Counters, runs: number, meanMs: number): Measured['perRun']['wallMs'] => {
  const { functions, endpoint, database, journal } = perRun(before.wallMs, after.wallMs, runs);
  return {
    functions: functions - endpoint,
    database,
    journal,
    rest: meanMs - (functions - endpoint) - database - journal,
  };
};

const difference = (before: Counters, after: Counters, runs: number) => ({
  dynamodbCalls: (total(after.dynamodb) - total(before.dynamodb)) / runs,
  transitions: (after.transitions - before.transitions) / runs,
  fsyncs: (after.fsyncs - before.fsyncs) / runs,
  invocations: (total(after.invocations) - total(before.invocations)) / runs,
});

/** Measures governed runs at each concurrency, after warming up once. AWS traces a share of runs; here all are `traced`, or none. */
export const measureRuns = async (
  concurrencies: readonly number[],
  { runs, traced }: { readonly runs: number; readonly traced: boolean }
): Promise<readonly Measured[]> => {
  await using disposal = new AsyncDisposableStack();
  const folder = disposal.adopt(await mkdtemp(join(tmpdir(), 'writ-bench-')), (path) =>
    rm(path, { recursive: true, force: true })
  );
  const machine = await boot(folder, disposal);
  const token = await machine.stack.signIn('bench', PASSWORD);
  let issues = 0;

  const batch = async (concurrency: number, count: number) => {
    let left = count;
    const times: { readonly acceptedMs: number; readonly ms: number }[] = [];
    const worker = async (): Promise<void> => {
      while (left > 0) {
        left -= 1;
        issues += 1;
        times.push(await governedRun(machine, { token, issueKey: `BENCH-${issues}`, traced }));
      }
    };
    await Promise.all(Array.from({ length: concurrency }, worker));
    return times;
  };

  await batch(WARM_UP.concurrency, WARM_UP.runs);
  const measured: Measured[] = [];
  for (const concurrency of concurrencies) {
    const before = machine.stack.counters();
    const cpu = process.cpuUsage();
    const start = performance.now();
    const times = await batch(concurrency, runs);
    const seconds = (performance.now() - start) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    const all = times.map(({ ms }) => ms);
    const after = machine.stack.counters();
    const meanMs = all.reduce((sum, ms) => sum + ms, 0) / runs;
    measured.push({
      concurrency,
      runs,
      runsPerSecond: runs / seconds,
      p50Ms: quantile(all, 0.5),
      p95Ms: quantile(all, 0.95),
      acceptedP50Ms: quantile(
        times.map(({ acceptedMs }) => acceptedMs),
        0.5
      ),
      perRun: {
        ...difference(before, after, runs),
        cpuMs: { main: (user + system) / 1_000 / runs, ...perRun(before.cpuMs, after.cpuMs, runs) },
        wallMs: wallOf(before, after, runs, meanMs),
        meanMs,
      },
    });
  }
  return measured;
};
