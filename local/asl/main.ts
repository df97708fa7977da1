/**
 * Runs state machines against scripted functions: `npm run -s asl -- cases.json …`. A line of JSON for each case on stdout; what is
 * not as expected, and what could not be understood, on stderr. Exit code 0; 1, if a case was not as expected; 2, if something could not
 * be run.
 */
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import type { JsonObject } from '../template/json.ts';
import { casesIn, type ReadCase, readCase } from './case.ts';
import { mismatches, printable } from './expectation.ts';
import { machineFrom } from './machine.ts';
import { type Result, runCase } from './run-case.ts';

interface Options {
  readonly machine?: string;
  readonly assembly: string;
}

const AS_EXPECTED = 0;
const NOT_AS_EXPECTED = 1;
const NOT_UNDERSTOOD = 2;

const tell = (line: string): void => {
  process.stderr.write(`${printable(line)}\n`);
};
const print = (result: Result): void => {
  process.stdout.write(`${JSON.stringify(result)}\n`);
};
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Runs one case, prints its line, and gives the exit code that it asks for. */
const play = async (file: string, { name, case: runnable, problems }: ReadCase): Promise<number> => {
  const at = `${file}: ${name}`;
  for (const problem of problems) tell(`${at}: ${problem}`);
  const malformed = problems.length > 0 ? NOT_UNDERSTOOD : AS_EXPECTED;
  if (runnable === undefined) {
    print({ name, status: 'INVALID_CASE', error: 'InvalidCase', cause: problems.join('; '), calls: [], entered: [] });
    return malformed;
  }
  const { result, notes } = await runCase(runnable);
  print(result);
  for (const note of notes) tell(`${at}: note: ${note}`);
  const differing = runnable.expect === undefined ? [] : mismatches(runnable.expect, result);
  for (const line of differing) tell(`${at}: ${line}`);
  return Math.max(malformed, differing.length > 0 ? NOT_AS_EXPECTED : AS_EXPECTED);
};

const playFile = async (file: string, machine: JsonObject | undefined): Promise<number> => {
  let cases: readonly unknown[];
  try {
    cases = casesIn(readFileSync(file, 'utf8'));
  } catch (error) {
    tell(`${file}: ${messageOf(error)}`);
    return NOT_UNDERSTOOD;
  }
  let code = AS_EXPECTED;
  for (const [at, value] of cases.entries()) code = Math.max(code, await play(file, readCase(value, at, machine)));
  return code;
};

const run = async (files: readonly string[], { machine: named, assembly }: Options): Promise<number> => {
  let machine: JsonObject | undefined;
  try {
    machine = named === undefined ? undefined : machineFrom(assembly, named);
  } catch (error) {
    tell(messageOf(error));
    return NOT_UNDERSTOOD;
  }
  if (files.length === 0) {
    if (machine === undefined) {
      tell('expected files of cases, or --machine NAME to print a definition');
      return NOT_UNDERSTOOD;
    }
    process.stdout.write(`${JSON.stringify(machine, undefined, 2)}\n`);
  }
  let code = AS_EXPECTED;
  for (const file of files) code = Math.max(code, await playFile(file, machine));
  return code;
};

await new Command('asl')
  .description('Runs state machines against scripted functions, in virtual time. See docs/testing-workflows.md.')
  .argument('[files...]', 'cases: a JSON array, {"cases": […]}, or JSON Lines')
  .option(
    '--machine <name>',
    'the state machine of a synthesised app, for cases that bring none; without files, print it'
  )
  .option('--assembly <folder>', 'where the app was synthesised', '.writ/cdk.out')
  .action(async (files: readonly string[], options: Options) => {
    process.exitCode = await run(files, options);
  })
  .parseAsync();
