/** `npm run torture -- --kills N [--tickets M] [--seed S]`, or `--commands N [--seed S]` */
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { clean } from '../cli/terminal/sanitise.ts';
import { drillInLanes } from './gate/lanes.ts';
import { tallyLine } from './gate/tally.ts';
import { type Report, torture } from './torture/torture.ts';

const whole =
  (least: number) =>
  (text: string): number => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= least) return value;
    throw new InvalidArgumentError(`expected a whole number from ${least}`);
  };

const print = (line: string): void => void process.stdout.write(`${clean(line)}\n`);

const summary = ({ kills, runs, writes, repeated, reconciled, failures, seconds }: Report): readonly string[] => [
  `killed ${kills.starting} times while starting, ${kills.resuming} while resuming, ${kills.running} while running`,
  `${runs} runs, ${writes} changes in Jira; ${repeated} requests sent again, ${failures} failed calls, ${reconciled} effects looked up`,
  `${seconds.toFixed(0)} s`,
];

const killing = async ({ kills, tickets, seed }: { kills: number; tickets?: number; seed: number }): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-torture-'));
  print(`seed ${seed}, in ${folder}`);
  const found = await torture({
    kills,
    tasks: tickets ?? Math.max(40, kills * 4),
    seed,
    folder,
    say: print,
  }).then(
    (report) => {
      for (const line of summary(report)) print(line);
      return report.violations;
    },
    (error: unknown) => [error instanceof Error ? error.message : String(error)]
  );
  for (const violation of found) print(`VIOLATION: ${violation}`);
  if (found.length === 0) await rm(folder, { recursive: true, force: true });
  else print(`what there is to look at is kept in ${folder}; again: --seed ${seed} --kills ${kills}`);
  print(found.length === 0 ? 'everything holds' : `${found.length} violations`);
  process.exitCode = found.length === 0 ? 0 : 1;
};

/** So many commands are worth a lane of their own. */
const LANE_OF = 500;

const commanding = async ({ commands, seed }: { commands: number; seed: number }): Promise<void> => {
  const lanes = Math.max(1, Math.min(availableParallelism(), Math.floor(commands / LANE_OF)));
  print(`seed ${seed}, ${lanes} at once`);
  const startedMs = performance.now();
  const report = await drillInLanes(lanes, { commands, seed, say: print });
  print(
    `${report.commands} commands in ${report.worlds} worlds, ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`
  );
  print(tallyLine(report.tally));
  for (const line of report.violation?.split('\n') ?? []) print(line);
  print(report.violation === undefined ? 'everything holds' : `VIOLATION; again: --seed ${report.seed} --commands 1`);
  process.exitCode = report.violation === undefined ? 0 : 1;
};

interface Given {
  readonly kills: number;
  readonly commands?: number;
  readonly tickets?: number;
  readonly seed: number;
}

await new Command('torture')
  .description(
    'Kills the local stack again and again while it works, lets it finish, and checks what it promises. With --commands, has the gate ' +
      'alone go through random steps, crashes, conflicts and stops, several at once, and checks after each of it.'
  )
  .option('--kills <count>', 'how often', whole(0), 20)
  .option('--commands <count>', 'how much is to happen at the gate; nothing is killed then', whole(1))
  .option('--tickets <count>', 'how many tasks; default four for each kill, at least 40', whole(1))
  .option('--seed <number>', 'of the moments and the tasks; default: a new one', whole(0), Date.now() % 1_000_000)
  .action(({ commands, ...given }: Given) =>
    commands === undefined ? killing(given) : commanding({ ...given, commands })
  )
  .parseAsync();
