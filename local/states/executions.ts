import type { Json } from '../template/json.ts';
import type { Host } from './attempt.ts';
import { entryOf } from './branch.ts';
import { advance } from './interpreter.ts';
import { type Journal, openJournal } from './journal.ts';
import { parseProgram } from './parse.ts';
import type { Program } from './program.ts';
import { type Ending, type Header, type Machine, ROOT } from './record.ts';
import { machineId, newTrace } from './requests.ts';
import { Run } from './run.ts';
import { type Contents, contentsReader, lineOf, linesOf } from './store.ts';

/** An execution that runs or has ended, as far as the disk knows. */
export interface Known {
  readonly header: Header;
  readonly machine: Machine;
  /** JSON arrays of history events. */
  readonly events: readonly string[];
  readonly ending: Ending | undefined;
}

/** A Standard execution runs for a year at most. */
const LONGEST_SECONDS = 366 * 86_400;

interface Options {
  readonly journal: string | Journal;
  readonly keepEnded: number;
  readonly host: Host;
  readonly onChange: ((known: Known) => Promise<void>) | undefined;
  readonly onBroken: ((reason: Error) => void) | undefined;
}

export interface Executions {
  /** In the order of their starts. */
  readonly known: ReadonlyMap<string, Known>;
  running(executionArn: string): Run | undefined;
  start(
    machine: Machine,
    request: Pick<Header, 'executionArn' | 'name' | 'input' | 'aliasArn'> & {
      readonly traceHeader: string | undefined;
    },
    input: Json
  ): Promise<{ readonly executionArn: string; readonly startDate: number }>;
  /** Resolves when the start of an execution is on disk. */
  started(executionArn: string): Promise<void>;
  counters(): Readonly<Record<'transitions' | 'fsyncs' | 'started' | 'journalMs', number>>;
  close(): Promise<void>;
}

/** Opens a journal no longer than it need be. One that is given holds nothing yet. */
const openShortened = async ({ journal: given, keepEnded, onBroken }: Options) => {
  if (typeof given !== 'string') return { journal: given, contents: contentsReader('', keepEnded).contents() };
  const file = given;
  const reader = contentsReader(file, keepEnded);
  const journal = await openJournal(file, reader.read, { onBroken });
  const contents = reader.contents();
  const shortest = [...linesOf(contents)];
  if (shortest.length !== contents.lines || !contents.isCurrent) await journal.rewrite(shortest);
  return { journal, contents };
};

/** Opens the journal, resumes what was running, and tells again of ends that nobody was seen to be told of. */
export const openExecutions = async (options: Options): Promise<Executions> => {
  const { journal: given, keepEnded, host, onChange } = options;
  const { journal, contents } = await openShortened(options);
  const known = new Map<string, Known>();
  const live = new Map<string, { readonly run: Run; readonly release: () => void }>();
  const starting = new Map<string, { readonly begun: Promise<void>; readonly told: Promise<void> }>();
  const endedArns: string[] = [];
  const ids = new WeakMap<Machine, string>();
  const programs = new Map<string, Program>();
  const onDisk = new Set<string>();
  let [transitions, started] = [0, 0];

  const compile = (machine: Machine): { readonly id: string; readonly program: Program } => {
    const id = ids.get(machine) ?? machineId(machine);
    ids.set(machine, id);
    const program = programs.get(id) ?? parseProgram(machine.definition);
    programs.set(id, program);
    return { id, program };
  };

  const tell = async (execution: Known): Promise<void> => {
    if (onChange === undefined) return;
    try {
      await onChange(execution);
    } catch {
      return; // whoever listens failed, and is told of an end again after the next start
    }
    if (execution.ending !== undefined) journal.note(lineOf({ kind: 'announced', arn: execution.header.executionArn }));
  };

  const settle = (execution: Known): void => {
    const { executionArn } = execution.header;
    known.set(executionArn, execution);
    endedArns.push(executionArn);
    while (endedArns.length > keepEnded) known.delete(endedArns.shift() ?? '');
  };

  const ended = async ({ header, machine, events, ending }: Run): Promise<void> => {
    const { executionArn } = header;
    live.get(executionArn)?.release();
    live.delete(executionArn);
    const execution = { header, machine, events, ending };
    settle(execution);
    await starting.get(executionArn)?.told; // the start is told first
    await tell(execution);
  };

  const runHost = {
    append: journal.append,
    now: host.now,
    chance: host.chance,
    transition: () => {
      transitions += 1;
    },
    ended: (run: Run) => void ended(run),
  };

  const drive = (run: Run): void => {
    const { executionArn, startDate } = run.header;
    const seconds = Math.min(run.program.timeoutSeconds ?? LONGEST_SECONDS, LONGEST_SECONDS);
    const expire = (): void => void run.end({ status: 'TIMED_OUT', stopDate: host.now() }).catch(ignore);
    const release = host.callAt(startDate + seconds * 1_000, expire);
    live.set(executionArn, { run, release });
    known.set(executionArn, run);
    advance(run, host).catch(ignore);
  };

  const resumable = ({ executionArn }: Header, machine: Machine): Program => {
    try {
      return compile(machine).program;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`the journal holds ${executionArn}, which runs and cannot go on; begin with another. ${why}`, {
        cause,
      });
    }
  };

  const resume = ({ machines, executions }: Contents): void => {
    const runs: Run[] = [];
    for (const { header, events, standing } of executions.values()) {
      const machine = machines.get(header.machine);
      if (machine === undefined) throw new Error(`${given} holds ${header.executionArn} without its state machine`);
      onDisk.add(header.machine);
      if (standing.kind === 'running') {
        const run = new Run(header, { ...standing, events }, machine, resumable(header, machine), runHost);
        known.set(header.executionArn, run);
        runs.push(run);
      } else {
        const execution = { header, machine, events, ending: standing.ending };
        settle(execution);
        if (!standing.announced) void tell(execution);
      }
    }
    for (const run of runs) drive(run);
  };
  resume(contents);

  return {
    known,
    running: (executionArn) => live.get(executionArn)?.run,

    async start(machine, { traceHeader, ...request }, value) {
      const { executionArn } = request;
      const { id, program } = compile(machine);
      const startDate = host.now();
      const header = {
        ...request,
        machine: id,
        startDate,
        traceHeader: traceHeader ?? newTrace(startDate),
      };
      if (!onDisk.has(id)) journal.note(lineOf({ kind: 'machine', id, machine }));
      onDisk.add(id);
      const run = new Run(
        header,
        { branches: new Map([[ROOT, { ...entryOf(program, value), after: 0 }]]), lastEventId: 0, events: [] },
        machine,
        program,
        runHost
      );
      const begun = run.start();
      started += 1;
      drive(run);
      const told = begun.then(() => tell({ header, machine, events: [], ending: undefined }), ignore);
      starting.set(executionArn, { begun, told });
      void told.then(() => starting.delete(executionArn));
      try {
        await begun;
      } catch (error) {
        run.halt(); // nobody was told that it began
        live.get(executionArn)?.release();
        live.delete(executionArn);
        known.delete(executionArn);
        throw error;
      }
      return { executionArn, startDate };
    },

    started: async (executionArn) => starting.get(executionArn)?.begun,
    counters: () => ({ transitions, fsyncs: journal.fsyncs(), started, journalMs: journal.writingMs() }),

    async close() {
      for (const { run, release } of live.values()) {
        release();
        run.halt();
      }
      live.clear();
      await journal.close();
    },
  };
};

/** Of failures that the journal gives to every caller from then on, and of nothing to release. */
const ignore = (): void => {};
