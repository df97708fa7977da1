import type { JsonObject } from '../template/json.ts';
import type { Chance } from './chance.ts';
import type { Scope } from './program.ts';
import type { Header, Machine, Node, Outcome, Phase, Position } from './record.ts';

/** Thrown into whatever a branch does when it has ended by other means: stopped, out of time, given up, or closed. */
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

/** What a branch waits for. `release` frees its timers, `abort` gives up what was begun. */
export interface Wait {
  readonly callback?: Callback;
  readonly release: () => void;
  readonly abort?: () => void;
}

/** What branches have of the execution that they are parts of. */
export interface Execution {
  readonly header: Header;
  readonly machine: Machine;
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  readonly chance: Chance;
  readonly callbacks: Map<string, Callback>;
  /** Adds to the history and gives the event's id. Throws `HistoryFull` where only the last place is left. */
  add(type: string, previousEventId: number, details?: JsonObject): number;
  /** Has the branch in the next line of the journal. */
  changed(branch: Branch): void;
  /** Resolves when everything that has changed is on disk. */
  write(): Promise<void>;
  /** Counts a state entered; gives what to wait for now and then, where nothing else does. */
  entered(): Promise<void> | undefined;
  /** Throws `StateFailed` where the variables would be more than an execution may have. */
  assign(bytes: number): void;
  /** What the journal said of a branch when the execution was resumed. */
  resumed(key: string): (Node & { readonly after: number }) | undefined;
}

/** A line of states, each after the other: the whole execution, a branch of a Parallel, or an iteration of a Map. */
export class Branch {
  readonly key: string;
  readonly scope: Scope;
  readonly execution: Execution;
  readonly #around: Branch | undefined;
  #position: Position;
  #after: number;
  #beforeEntry: number;
  #children: Branch[] = [];
  #ended: Outcome | undefined;
  #isOver = false;
  #hasSaved = false;
  #wait: Wait | undefined;
  #interrupt: ((reason: Halted) => void) | undefined;

  constructor(
    execution: Execution,
    { key, scope, around }: { readonly key: string; readonly scope: Scope; readonly around?: Branch },
    position: Position,
    after: number
  ) {
    this.execution = execution;
    this.key = key;
    this.scope = scope;
    this.#around = around;
    this.#position = position;
    this.#after = after;
    this.#beforeEntry = after;
  }

  get position(): Position {
    return this.#position;
  }

  /** The event that the branch's next one follows. */
  get after(): number {
    return this.#after;
  }

  get ended(): Outcome | undefined {
    return this.#ended;
  }

  /** Whether something of it, or inside of it, has been worth a line of its own. */
  get hasSaved(): boolean {
    return this.#hasSaved;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** The branches that run inside of it. */
  get children(): readonly Branch[] {
    return this.#children;
  }

  /** Those assigned here, and those of the branches around it. */
  get variables(): JsonObject {
    const { variables } = this.#position;
    return this.#around === undefined ? variables : { ...this.#around.variables, ...variables };
  }

  /** For the journal, in a line that ends with the event `lastEventId`. */
  node(lastEventId: number): Node {
    const after = this.#after === lastEventId ? {} : { after: this.#after };
    return this.#ended === undefined ? { ...this.#position, ...after } : { ended: this.#ended, ...after };
  }

  /** Adds to the history what the branch's next event follows. */
  record(type: string, details?: JsonObject): void {
    this.#mustBeLive();
    this.#after = this.execution.add(type, this.#after, details);
  }

  /** Adds an event of which others are no consequence: the next one follows what this one follows. */
  mention(type: string, details?: JsonObject, after: number = this.#after): void {
    this.execution.add(type, after, details);
  }

  /** AWS evaluates what stands at the beginning of a state, other than a Wait, before it chains the state's entry. */
  recordEvaluation(details: JsonObject): void {
    const { state, enteredEventId } = this.#position;
    const isAtEntry = this.#after === enteredEventId && this.scope.states.get(state)?.type !== 'Wait';
    if (isAtEntry) this.#after = this.#beforeEntry;
    this.record('EvaluationFailed', details);
  }

  enter(type: string, details: JsonObject, nowMs: number): void {
    this.#beforeEntry = this.#after;
    this.record(type, details);
    const { state, input, variables } = this.#position;
    this.move({
      state,
      input,
      variables,
      enteredMs: nowMs,
      enteredEventId: this.#after,
      phase: { kind: 'entered' },
    });
  }

  /** Goes on after an event of a branch inside of it. */
  follow(eventId: number): void {
    this.#after = eventId;
  }

  /** Moves in memory; on disk with the next line of the execution. */
  move(position: Position): void {
    this.#mustBeLive();
    this.#position = position;
    this.execution.changed(this);
  }

  /** Moves, and resolves when the branch would resume from this phase of its state. */
  async save(phase: Phase, retries: Position['retries'] = this.#position.retries): Promise<void> {
    this.move({ ...this.#position, ...(retries === undefined ? {} : { retries }), phase });
    this.#mark();
    await this.execution.write();
  }

  /** Opens a branch inside of it, at the first of its states. */
  open(key: string, scope: Scope, input: Position['input'], after: number): Branch {
    const child = new Branch(this.execution, { key, scope, around: this }, entryOf(scope, input), after);
    this.#children.push(child);
    this.execution.changed(child);
    return child;
  }

  /** Opens it again as the journal has it; undefined if it has not begun. */
  reopen(key: string, scope: Scope): Branch | undefined {
    const node = this.execution.resumed(key);
    if (node === undefined) return undefined;
    const { after, ...stands } = node;
    const position = 'ended' in stands ? entryOf(scope, null) : stands;
    const child = new Branch(this.execution, { key, scope, around: this }, position, after);
    if ('ended' in stands) child.end(stands.ended);
    this.#children.push(child);
    return child;
  }

  /** Forgets the branches inside of it, which have ended. */
  close(): void {
    for (const child of this.#children) child.halt();
    this.#children = [];
  }

  /** Keeps what came of it, and nothing of what led there. */
  end(outcome: Outcome): void {
    const kind = this.#position.phase.kind === 'entering' ? 'entering' : 'entered';
    this.#position = { ...this.#position, input: null, variables: {}, phase: { kind } };
    this.#ended = outcome;
    this.#isOver = true;
    this.execution.changed(this);
  }

  /** Stops here and in every branch inside of it, without a word in history or journal. */
  halt(): void {
    this.#isOver = true;
    for (const child of this.#children) child.halt();
    this.#wait?.abort?.();
    this.#interrupt?.(new Halted());
  }

  /** Waits for something outside; its first answer counts. Rejects with `Halted` when the branch ends meanwhile. */
  wait<T>(begin: (resolve: (value: T) => void, reject: (reason: unknown) => void) => Wait): Promise<T> {
    this.#mustBeLive();
    return new Promise<T>((resolve, reject) => {
      let isDone = false;
      const once =
        <V>(settle: (value: V) => void) =>
        (value: V): void => {
          if (isDone) return;
          isDone = true;
          this.#release();
          settle(value);
        };
      this.#interrupt = once(reject);
      const wait = begin(once(resolve), once(reject));
      if (isDone) return wait.release();
      this.#wait = wait;
      if (wait.callback !== undefined) this.execution.callbacks.set(wait.callback.token, wait.callback);
    });
  }

  #release(): void {
    const wait = this.#wait;
    this.#wait = undefined;
    this.#interrupt = undefined;
    if (wait?.callback !== undefined) this.execution.callbacks.delete(wait.callback.token);
    wait?.release();
  }

  #mark(): void {
    this.#hasSaved = true;
    if (this.#around !== undefined) this.#around.#mark();
  }

  #mustBeLive(): void {
    if (this.#isOver) throw new Halted();
  }
}

/** At the first state of a scope, which has not been entered. */
export const entryOf = ({ startAt }: Scope, input: Position['input']): Position => ({
  state: startAt,
  input,
  variables: {},
  enteredMs: 0,
  enteredEventId: 0,
  phase: { kind: 'entering' },
});
