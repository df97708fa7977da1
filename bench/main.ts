import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { type Measured, measureRuns } from './governed-runs.ts';
import { printShares } from './shares.ts';
import { measureStarts, type Start } from './starts.ts';
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

interface Options {
  readonly json?: boolean;
  readonly runs: number;
  readonly rounds: number;
  readonly only?: string;
  readonly traced?: boolean;
}

const program = new Command('bench')
  .description('What governance costs: runs through the local stack, and starts of the bundles.')
  .option('--json', 'print one JSON document')
  .option('--runs <count>', 'runs for each concurrency', positive, 400)
  .option('--traced', 'with a trace of every run')
  .option('--rounds <count>', 'starts for each bundle', positive, 9)
  .option('--only <part>', '`runs` or `starts`')
  .action(async ({ json, runs, rounds, only, traced = false }: Options) => {
    const yardstick = only === 'starts' ? undefined : await measureYardstick();
    const measured = only === 'starts' ? [] : await measureRuns([1, 8, 32], { runs, traced });
    if (!json && measured.length > 0) printRuns(measured);
    if (!json && yardstick)
      print(
        `\nYardstick: fourteen bare DynamoDB calls through the SDK, p50 ${yardstick.fourteenCallsP50Ms.toFixed(1)} ms`
      );
    const starts = only === 'runs' ? [] : await measureStarts(rounds);
    if (!json && starts.length > 0) printStarts(starts);
    if (json)
      print(
        JSON.stringify({ node: process.version, cores: availableParallelism(), yardstick, runs: measured, starts })
      );
  });

await program.parseAsync();
