import type { JsonObject } from '../template/json.ts';
import { Branch, type Callback, type Execution, Halted } from './branch.ts';
import type { Chance } from './chance.ts';
import { StateFailed } from './failure.ts';
import { detailsKey, type HistoryEvent, HistoryFull, MAX_EVENTS, MAX_VARIABLES_BYTES, WHOLE } from './history.ts';
import type { Line } from './journal.ts';
import type { Program } from './program.ts';
import { type Ending, type Header, type Machine, type Node, ROOT, type Standing } from './record.ts';
import { lineOf } from './store.ts';

export interface RunHost {
  readonly append: (line: Line) => Promise<void>;
  readonly now: () => number;
  readonly chance: Chance;
  /** A state is entered. */
  readonly transition: () => void;
  /** The end is on disk. */
  readonly ended: (run: Run) => void;
}

const ENDED = {
  SUCCEEDED: 'ExecutionSucceeded',
  FAILED: 'ExecutionFailed',
  TIMED_OUT: 'ExecutionTimedOut',
  ABORTED: 'ExecutionAborted',
} as const satisfies Record<Ending['status'], string>;

/** States that call nothing are not saved one by one, but a loop of them must neither hold the process nor start over. */
const UNSAVED_STATES = 50;

/** One execution: its branches, its history, and its lines in the journal. */
export class Run implements Execution {
  readonly header: Header;
  readonly machine: Machine;
  readonly program: Program;
  readonly root: Branch;
  readonly callbacks = new Map<string, Callback>();
  readonly #host: RunHost;
  readonly #resumed: Standing['branches'];
  readonly #saved: string[];
  readonly #changed = new Set<Branch>();
  #fresh: HistoryEvent[] = [];
  #lastEventId: number;
  #unsavedStates = 0;
  /** At least what the variables have; to be counted, where it is too much. */
  #variablesBytes = Number.POSITIVE_INFINITY;
  #ending: Ending | undefined;
  #end: Promise<void> | undefined;

  /** `standing.branches` holds at least the root. */
  constructor(
    header: Header,
    standing: Standing & { readonly events: readonly string[] },
    machine: Machine,
    program: Program,
    host: RunHost
  ) {
    this.header = header;
    this.machine = machine;
    this.program = program;
    this.#host = host;
    this.#saved = [...standing.events];
    this.#resumed = standing.branches;
    this.#lastEventId = standing.lastEventId;
    const node = standing.branches.get(ROOT);
    if (node === undefined || 'ended' in node) throw new Error(`${header.executionArn} is recorded without its root`);
    const { after, ...position } = node;
    this.root = new Branch(this, { key: ROOT, scope: program }, position, after);
  }

  get nowMs(): number {
    return this.#host.now();
  }

  get chance(): Chance {
    return this.#host.chance;
  }

  /** Whether nothing more will happen. Others are told so by `ending`, which waits for the disk. */
  get isOver(): boolean {
    return this.root.isOver;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** The events on disk, as JSON arrays. */
  get events(): readonly string[] {
    return this.#saved;
  }

  add(type: string, previousEventId: number, details?: JsonObject): number {
    if (this.#lastEventId >= MAX_EVENTS - 1) throw new HistoryFull();
    return this.#add(type, previousEventId, details);
  }

  changed(branch: Branch): void {
    this.#changed.add(branch);
  }

  entered(): Promise<void> | undefined {
    this.#host.transition();
    this.#unsavedStates += 1;
    return this.#unsavedStates > UNSAVED_STATES ? this.write() : undefined;
  }

  resumed(key: string): (Node & { readonly after: number }) | undefined {
    return this.#resumed.get(key);
  }

  assign(bytes: number): void {
    this.#variablesBytes += bytes;
    if (this.#variablesBytes <= MAX_VARIABLES_BYTES) return;
    this.#variablesBytes = bytesIn(this.root) + bytes;
    if (this.#variablesBytes <= MAX_VARIABLES_BYTES) return;
    const cause = `The variables of the execution exceed the maximum of ${MAX_VARIABLES_BYTES} bytes.`;
    throw new StateFailed({ error: 'States.DataLimitExceeded', cause, from: 'state' });
  }

  /** Resolves when the execution is on disk: it will be carried to its end. */
  async start(): Promise<void> {
    const { header, machine } = this;
    // AWS chains the first state to nothing
    this.add('ExecutionStarted', 0, { input: header.input, inputDetails: WHOLE, roleArn: machine.roleArn });
    this.changed(this.root);
    await this.#append(lineOf({ kind: 'started', header, ...this.#takeChanges() }, this.#takeEvents()));
  }

  async write(): Promise<void> {
    this.#unsavedStates = 0;
    const arn = this.header.executionArn;
    await this.#append(lineOf({ kind: 'moved', arn, ...this.#takeChanges() }, this.#takeEvents()));
  }

  /** Ends the execution, the first time; whatever it waits for is given up. Resolves when it has ended on disk. */
  end(ending: Ending): Promise<void> {
    this.#end ??= this.#endBy(ending);
    return this.#end;
  }

  /** Stops here, without a word on disk: the execution resumes when the journal is opened again. */
  halt(): void {
    this.root.halt();
  }

  async #endBy(ending: Ending): Promise<void> {
    if (this.isOver) throw new Halted();
    const { status, stopDate: _, ...said } = ending;
    // what ends an execution from outside follows no event, as AWS has it
    const isInside = status === 'SUCCEEDED' || status === 'FAILED';
    const details = said.output === undefined ? said : { ...said, outputDetails: WHOLE };
    this.#add(ENDED[status], isInside ? this.root.after : 0, details);
    this.halt();
    await this.#append(lineOf({ kind: 'ended', arn: this.header.executionArn, ending }, this.#takeEvents()));
    this.#ending = ending;
    this.#host.ended(this);
  }

  #add(type: string, previousEventId: number, details: JsonObject | undefined): number {
    this.#lastEventId += 1;
    this.#fresh.push({
      timestamp: this.#host.now(),
      type,
      id: this.#lastEventId,
      previousEventId,
      ...(details === undefined ? {} : { [detailsKey(type)]: details }),
    });
    return this.#lastEventId;
  }

  #takeEvents(): string {
    const text = JSON.stringify(this.#fresh);
    this.#fresh = [];
    return text;
  }

  #takeChanges(): { readonly branches: Readonly<Record<string, Node>>; readonly lastEventId: number } {
    const lastEventId = this.#lastEventId;
    const branches = Object.fromEntries(Array.from(this.#changed, (branch) => [branch.key, branch.node(lastEventId)]));
    this.#changed.clear();
    return { branches, lastEventId };
  }

  async #append(line: Line): Promise<void> {
    await this.#host.append(line);
    if (line.tail !== '[]') this.#saved.push(line.tail);
  }
}

const bytesIn = ({ position, children }: Branch): number =>
  children.reduce((sum, child) => sum + bytesIn(child), Buffer.byteLength(JSON.stringify(position.variables)));
