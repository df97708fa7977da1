import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError, Option } from 'commander';
import { contentionLines, measureContention } from './contention/report.ts';
import { decideLines, measureDecide } from './decide.ts';
import { type Measured, measureRuns } from './governed-runs.ts';
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

const runLines = (measured: readonly Measured[]): readonly string[] => [
  'One governed triage run: HTTP API → state machine → Jira and back, everything on disk',
  '',
  '  at once   runs/s   p50 ms   p95 ms   accepted p50   DynamoDB calls   transitions   fsyncs   main CPU ms',
  ...measured.map(({ concurrency, runsPerSecond, p50Ms, p95Ms, acceptedP50Ms, perRun }) =>
    [
      cell(String(concurrency), 9),
      cell(runsPerSecond, 8),
      cell(p50Ms, 8),
      cell(p95Ms, 8),
      cell(acceptedP50Ms, 14),
      cell(perRun.dynamodbCalls, 16),
      cell(perRun.transitions, 13),
      cell(perRun.fsyncs, 8),
      cell(perRun.mainCpuMs, 13),
    ].join(' ')
  ),
];

const startLines = (starts: readonly Start[]): readonly string[] => [
  'Start of each bundle in a new process',
  '',
  ...starts.map(
    ({ name, kilobytes, medianMs, timesEmpty }) =>
      `  ${name.padEnd(28)} ${cell(kilobytes, 8)} KB ${cell(medianMs, 8)} ms ${cell(timesEmpty, 6)} × empty`
  ),
];

interface Options {
  readonly json?: boolean;
  readonly runs: number;
  readonly rounds: number;
  readonly only?: string;
}

const AT_ONCE = [1, 8, 32];

/** What is measured, in this order: its figures, and how they are shown. */
const PARTS: Readonly<
  Record<string, (options: Options) => Promise<{ readonly figures: unknown; readonly lines: readonly string[] }>>
> = {
  yardstick: async () => {
    const figures = await measureYardstick();
    const p50 = figures.fourteenCallsP50Ms.toFixed(1);
    return { figures, lines: [`Yardstick: fourteen bare DynamoDB calls through the SDK, p50 ${p50} ms`] };
  },
  runs: async ({ runs }) => {
    const figures = await measureRuns(AT_ONCE, runs);
    return { figures, lines: runLines(figures) };
  },
  decide: async ({ runs }) => {
    const figures = await measureDecide(AT_ONCE, runs);
    return { figures, lines: decideLines(figures) };
  },
  contention: async () => {
    const figures = measureContention();
    return { figures, lines: contentionLines(figures) };
  },
  starts: async ({ rounds }) => {
    const figures = await measureStarts(rounds);
    return { figures, lines: startLines(figures) };
  },
};

/** Figures of this machine mean little without the yardstick. */
const chosen = (only: string | undefined): readonly string[] =>
  only === undefined ? Object.keys(PARTS) : only === 'runs' || only === 'decide' ? ['yardstick', only] : [only];

const program = new Command('bench')
  .description('What governance costs: runs through the local stack, decisions, contention, and starts of the bundles.')
  .option('--json', 'print one JSON document')
  .option('--runs <count>', 'runs for each concurrency', positive, 400)
  .option('--rounds <count>', 'starts for each bundle', positive, 9)
  .addOption(new Option('--only <part>', 'one part').choices(Object.keys(PARTS)))
  .action(async (options: Options) => {
    const all: Record<string, unknown> = {};
    for (const name of chosen(options.only)) {
      const part = await PARTS[name]?.(options);
      all[name] = part?.figures;
      if (!options.json) for (const line of [...(part?.lines ?? []), '']) print(line);
    }
    if (options.json) print(JSON.stringify({ node: process.version, cores: availableParallelism(), ...all }));
  });

await program.parseAsync();
