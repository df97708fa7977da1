import { readFileSync } from 'node:fs';
import type { JsonObject } from '../template/json.ts';
import { type CaseFile, type ReadCase, readCases } from './case.ts';
import { mismatches, printable } from './expectation.ts';
import { machineFrom } from './machine.ts';
import { type Result, runCase } from './run-case.ts';

export interface Options {
  /** The state machine of cases that bring none. */
  readonly machine?: string;
  /** The folder of the cloud assembly that it stands in. */
  readonly assembly: string;
}

/** Where lines go. */
export interface Printer {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
}

const AS_EXPECTED = 0;
const NOT_AS_EXPECTED = 1;
const NOT_UNDERSTOOD = 2;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const invalid = (name: string, cause: string): Result => ({
  name,
  status: 'INVALID_CASE',
  error: 'InvalidCase',
  cause,
  calls: [],
  entered: [],
});

/** Runs one case, prints its line, and gives the exit code that it asks for. */
const play = async (
  at: string,
  { name, case: runnable, problems }: ReadCase,
  { out, err }: Printer
): Promise<number> => {
  const print = (result: Result): void => out(JSON.stringify(result));
  for (const problem of problems) err(`${at}: ${problem}`);
  const malformed = problems.length > 0 ? NOT_UNDERSTOOD : AS_EXPECTED;
  if (runnable === undefined) {
    print(invalid(name, problems.join('; ')));
    return malformed;
  }
  let played: Awaited<ReturnType<typeof runCase>>;
  try {
    played = await runCase(runnable);
    print(played.result);
  } catch (error) {
    // one case must not keep the others from being run
    err(`${at}: ${messageOf(error)}`);
    print(invalid(name, messageOf(error)));
    return NOT_UNDERSTOOD;
  }
  const { result, notes } = played;
  for (const note of notes) err(`${at}: note: ${note}`);
  const differing = runnable.expect === undefined ? [] : mismatches(runnable.expect, result);
  for (const line of differing) err(`${at}: ${line}`);
  return Math.max(malformed, differing.length > 0 ? NOT_AS_EXPECTED : AS_EXPECTED);
};

const playFile = async (file: string, machine: JsonObject | undefined, printer: Printer): Promise<number> => {
  let read: CaseFile;
  try {
    read = readCases(readFileSync(file, 'utf8'), machine);
  } catch (error) {
    printer.err(`${file}: ${messageOf(error)}`);
    return NOT_UNDERSTOOD;
  }
  for (const problem of read.problems) printer.err(`${file}: ${problem}`);
  let code = read.problems.length > 0 ? NOT_UNDERSTOOD : AS_EXPECTED;
  for (const each of read.cases) code = Math.max(code, await play(`${file}: ${each.name}`, each, printer));
  return code;
};

/**
 * Runs the cases of files: a line of JSON for each on `out`; on `err` what is not as expected, and what could not be understood.
 * Without files, prints the definition of the machine. Gives the exit code: 0; 1, if a case was not as expected; 2, if something was
 * not understood.
 */
export const runFiles = async (
  files: readonly string[],
  { machine: named, assembly }: Options,
  { out, err }: Printer
): Promise<number> => {
  const printer = { out, err: (line: string) => err(printable(line)) };
  let machine: JsonObject | undefined;
  try {
    machine = named === undefined ? undefined : machineFrom(assembly, named);
  } catch (error) {
    printer.err(messageOf(error));
    return NOT_UNDERSTOOD;
  }
  if (files.length === 0) {
    if (machine !== undefined) out(JSON.stringify(machine, undefined, 2));
    else printer.err('expected files of cases, or --machine NAME to print a definition');
    return machine === undefined ? NOT_UNDERSTOOD : AS_EXPECTED;
  }
  let code = AS_EXPECTED;
  for (const file of files) code = Math.max(code, await playFile(file, machine, printer));
  return code;
};
