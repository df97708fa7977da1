import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { cacheLines, measureCache } from './cache.ts';
import { contentionLines, measureContention } from './contention/report.ts';
import { decideLines, measureDecide } from './decide.ts';
import { type Measured, measureRuns } from './governed-runs.ts';
import { type Decisions, measureDecisions } from './iam.ts';
import { printShares } from './shares.ts';
import { measureStarts, type Start } from './starts.ts';
import { measureStops, stopLines } from './stop.ts';
import { measureYardstick } from './yardstick.ts';

const positive = (text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a whole number above 0');
};

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const cell = (value: number | string, width: number): string =>
  (typeof value === 'number' ? value.toFixed(1) : value).padStart(width);

const printRuns = (measured: readonly Measured[]): void => {
  print('One governed triage run: HTTP API → state machine → Jira and back, everything on disk\n');
  print('  at once   runs/s   p50 ms   p95 ms   accepted p50   DynamoDB calls   transitions   fsyncs');
  for (const { concurrency, runsPerSecond, p50Ms, p95Ms, acceptedP50Ms, perRun } of measured)
    print(
      [
        cell(String(concurrency), 9),
        cell(runsPerSecond, 8),
        cell(p50Ms, 8),
        cell(p95Ms, 8),
        cell(acceptedP50Ms, 14),
        cell(perRun.dynamodbCalls, 16),
        cell(perRun.transitions, 13),
        cell(perRun.fsyncs, 8),
      ].join(' ')
    );
  printShares(measured, print);
};

const printStarts = (starts: readonly Start[]): void => {
  print('\nStart of each bundle in a new process\n');
  for (const { name, kilobytes, medianMs, timesEmpty } of starts)
    print(`  ${name.padEnd(28)} ${cell(kilobytes, 8)} KB ${cell(medianMs, 8)} ms ${cell(timesEmpty, 6)} × empty`);
};

const printDecisions = ({ roles, calls, compileMs, p50Us, p95Us }: Decisions): void => {
  print(`\nOne decision of the local IAM, over ${calls} calls of the ${roles} roles of the app\n`);
  print(
    `  p50 ${cell(p50Us, 6)} µs   p95 ${cell(p95Us, 6)} µs   all policies compiled once in ${compileMs.toFixed(1)} ms`
  );
};

const printLines = (lines: readonly string[]): void => {
  for (const line of ['', ...lines]) print(line);
};

const PARTS = ['runs', 'decide', 'contention', 'starts', 'iam', 'stop', 'cache'] as const;
const AT_ONCE = [1, 8, 32];
/** How often a scope is stopped under load. */
const STOPS = 5;

interface Options {
  readonly json?: boolean;
  readonly runs: number;
  readonly rounds: number;
  readonly only?: (typeof PARTS)[number];
  readonly traced?: boolean;
}

const program = new Command('bench')
  .description(
    'What governance costs: runs through the local stack, decisions, contention, starts of the bundles, stops under load, and kept answers.'
  )
  .option('--json', 'print one JSON document')
  .option('--runs <count>', 'runs for each concurrency', positive, 400)
  .option('--traced', 'with a trace of every run')
  .option('--rounds <count>', 'starts for each bundle', positive, 9)
  .addOption(new Option('--only <part>', 'one part').choices(PARTS))
  .action(async ({ json, runs, rounds, only, traced = false }: Options) => {
    const does = (part: (typeof PARTS)[number]): boolean => only === undefined || only === part;
    const yardstick = does('runs') || does('decide') ? await measureYardstick() : undefined;
    const measured = does('runs') ? await measureRuns(AT_ONCE, { runs, traced }) : [];
    if (!json && measured.length > 0) printRuns(measured);
    if (!json && yardstick)
      print(
        `\nYardstick: fourteen bare DynamoDB calls through the SDK, p50 ${yardstick.fourteenCallsP50Ms.toFixed(1)} ms`
      );
    const decide = does('decide') ? await measureDecide(AT_ONCE, runs) : undefined;
    if (!json && decide) printLines(decideLines(decide));
    const contention = does('contention') ? measureContention() : undefined;
    if (!json && contention) printLines(contentionLines(contention));
    const starts = does('starts') ? await measureStarts(rounds) : [];
    if (!json && starts.length > 0) printStarts(starts);
    const iam = does('iam') ? await measureDecisions() : undefined;
    if (!json && iam) printDecisions(iam);
    const stops = does('stop') ? await measureStops(STOPS) : [];
    if (!json && stops.length > 0) printLines(stopLines(stops));
    const cache = does('cache') ? await measureCache() : undefined;
    if (!json && cache) printLines(cacheLines(cache));
    if (json)
      print(
        JSON.stringify({
          node: process.version,
          cores: availableParallelism(),
          yardstick,
          runs: measured,
          decide,
          contention,
          starts,
          iam,
          stops,
          cache,
        })
      );
  });

await program.parseAsync();
