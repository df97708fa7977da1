import type { Json, JsonObject } from '../template/json.ts';
import type { Chance } from './chance.ts';
import { detailsKey, type HistoryEvent, HistoryFull, MAX_EVENTS, WHOLE } from './history.ts';
import type { Line } from './journal.ts';
import type { Program } from './program.ts';
import type { Ending, Header, Machine, Outcome, Phase, Position } from './record.ts';
import { lineOf } from './store.ts';

/** Thrown into whatever an execution does when it has ended by other means: stopped, out of time, or closed. */
export class Halted extends Error {
  override readonly name = 'Halted';
}

/** A task that waits for its token. */
export interface Callback {
  readonly token: string;
  /** Resolves when the answer is on disk. */
  answer(outcome: Outcome): Promise<void>;
  heartbeat(): void;
}

/** What an execution waits for. `release` frees its timers, `abort` gives up what was begun. */
export interface Wait {
  readonly callback?: Callback;
  readonly release: () => void;
  readonly abort?: () => void;
}

export interface RunHost {
  readonly append: (line: Line) => Promise<void>;
  readonly now: () => number;
  readonly chance: Chance;
  /** The end is on disk. */
  readonly ended: (run: Run) => void;
}

const ENDED = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const satisfies Record<Ending['status'], string>;

/** One execution: where it stands, its history, and its lines in the journal. */
export class Run {
  readonly header: Header;
  readonly machine: Machine;
  readonly program: Program;
  readonly #host: RunHost;
  readonly #saved: string[];
  #fresh: HistoryEvent[] = [];
  #lastEventId: number;
  #position: Position;
  #wait: Wait | undefined;
  #interrupt: ((reason: Halted) => void) | undefined;
  #isOver = false;
  #ending: Ending | undefined;
  #end: Promise<void> | undefined;

  constructor(
    header: Header,
    standing: { readonly position: Position; readonly lastEventId: number; readonly events: readonly string[] },
    machine: Machine,
    program: Program,
    host: RunHost
  ) {
    this.header = header;
    this.machine = machine;
    this.program = program;
    this.#host = host;
    this.#saved = [...standing.events];
    this.#position = standing.position;
    this.#lastEventId = standing.lastEventId;
  }

  /** Milliseconds since the epoch. */
  get nowMs(): number {
    return this.#host.now();
  }

  get chance(): Chance {
    return this.#host.chance;
  }

  get position(): Position {
    return this.#position;
  }

  get lastEventId(): number {
    return this.#lastEventId;
  }

  /** Whether nothing more will happen. Others are told so by `ending`, which waits for the disk. */
  get isOver(): boolean {
    return this.#isOver;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  get callback(): Callback | undefined {
    return this.#wait?.callback;
  }

  /** The events on disk, as JSON arrays. */
  get events(): readonly string[] {
    return this.#saved;
  }

  /** Adds to the history; on disk with the next `save`. Throws `HistoryFull` where only the last place is left. */
  record(type: string, details?: JsonObject): void {
    this.#mustBeLive();
    if (this.#lastEventId >= MAX_EVENTS - 1) throw new HistoryFull();
    this.#add(type, details);
  }

  /** Moves in memory; what is worth resuming is on disk with the next `save`. */
  move(position: Position): void {
    this.#mustBeLive();
    this.#position = position;
  }

  /** Resolves when the execution is on disk: it will be carried to its end. */
  async start(): Promise<void> {
    const { header, machine } = this;
    this.record('ExecutionStarted', { input: header.input, inputDetails: WHOLE, roleArn: machine.roleArn });
    const [position, lastEventId] = [this.#position, this.#lastEventId];
    await this.#write(lineOf({ kind: 'started', header, position, lastEventId }, this.#takeEvents()));
  }

  /** Resolves when the execution would resume from this phase of its state. */
  async save(phase: Phase): Promise<void> {
    this.move({ ...this.#position, phase });
    await this.#write(
      lineOf(
        { kind: 'moved', arn: this.header.executionArn, position: this.#position, lastEventId: this.#lastEventId },
        this.#takeEvents()
      )
    );
  }

  /** Ends the execution, the first time; whatever it waits for is given up. Resolves when it has ended on disk. */
  end(ending: Ending): Promise<void> {
    this.#end ??= this.#endBy(ending);
    return this.#end;
  }

  /** Stops here, without a word on disk: the execution resumes when the journal is opened again. */
  halt(): void {
    this.#isOver = true;
    this.#wait?.abort?.();
    this.#interrupt?.(new Halted());
  }

  /** Waits for something outside; its first answer counts. Rejects with `Halted` when the execution ends meanwhile. */
  wait<T>(begin: (resolve: (value: T) => void, reject: (reason: unknown) => void) => Wait): Promise<T> {
    this.#mustBeLive();
    return new Promise<T>((resolve, reject) => {
      let isDone = false;
      const once =
        <V>(settle: (value: V) => void) =>
        (value: V): void => {
          if (isDone) return;
          isDone = true;
          this.#wait?.release();
          this.#wait = undefined;
          this.#interrupt = undefined;
          settle(value);
        };
      this.#interrupt = once(reject);
      this.#wait = begin(once(resolve), once(reject));
    });
  }

  async #endBy(ending: Ending): Promise<void> {
    this.#mustBeLive();
    const { status, stopDate: _, ...said } = ending;
    this.#add(ENDED[status], said.output === undefined ? said : { ...said, outputDetails: WHOLE });
    this.halt();
    await this.#write(lineOf({ kind: 'ended', arn: this.header.executionArn, ending }, this.#takeEvents()));
    this.#ending = ending;
    this.#host.ended(this);
  }

  #add(type: string, details: JsonObject | undefined): void {
    const before = this.#lastEventId;
    this.#lastEventId = before + 1;
    this.#fresh.push({
      timestamp: this.#host.now(),
      type,
      id: before + 1,
      previousEventId: before === 1 ? 0 : before, // AWS chains the first state to nothing
      ...(details === undefined ? {} : { [detailsKey(type)]: details as Json }),
    });
  }

  #takeEvents(): string {
    const text = JSON.stringify(this.#fresh);
    this.#fresh = [];
    return text;
  }

  async #write(line: Line): Promise<void> {
    await this.#host.append(line);
    if (line.tail !== '[]') this.#saved.push(line.tail);
  }

  #mustBeLive(): void {
    if (this.#isOver) throw new Halted();
  }
}
