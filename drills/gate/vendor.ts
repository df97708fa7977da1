import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';

/**
 * What becomes of a call to the system. `late`: it is on its way, and takes effect when nobody waits for it any more. `half`: what it sets
 * stands beside what was there.
 */
export const ANSWERS = ['done', 'not now', 'never', 'answer lost', 'call lost', 'late', 'half'] as const;
export type Answer = (typeof ANSWERS)[number];

/** A call that was made; `untilMs` is how long it may still take effect, as far as anybody may count on that. */
interface Made {
  readonly answer: Answer;
  readonly untilMs: number;
}

interface Call {
  /** What the call is about: one of these for each run. */
  readonly thing: string;
  /** Its components, from then on. */
  readonly sets: readonly string[];
  readonly effect: 'idempotent' | 'once';
  /** Which writ is used: by run and action. */
  readonly marker: string;
  readonly answer: Answer;
  readonly nowMs: number;
  readonly patienceMs: number;
}

/** An effect that was seen in the system. */
export interface Effect extends Pick<Call, 'thing' | 'sets' | 'marker'> {
  /** For `idempotent`, once more leaves it as it is. */
  readonly times: number;
}

const isHarmless = ({ answer }: Made): boolean => answer === 'not now' || answer === 'never';

/** How everything is before anybody changes it. */
export const AT_FIRST: readonly string[] = ['Access'];

/** A system of the drill's own, which counts what happens in it. */
export class Vendor {
  /** By marker. */
  readonly effects = new Map<string, Effect>();
  /** What no scope function may do to a system. */
  readonly offences: string[] = [];
  readonly #components = new Map<string, readonly string[]>();
  /** By thing: who changed it, oldest first. */
  readonly #history = new Map<string, string[]>();
  readonly #made = new Map<string, Made[]>();
  readonly #late: Call[] = [];

  call(call: Call): void {
    const { effect, marker, answer, nowMs, patienceMs } = call;
    const before = this.#made.get(marker) ?? [];
    if (before.some((made) => made.answer === 'done' || made.answer === 'answer lost'))
      this.offences.push(`${marker} was called for again after its effect`);
    if (effect === 'once' && before.some((made) => !isHarmless(made)))
      this.offences.push(`${marker} may happen once, and was called for again after a call that nobody had heard of`);
    if (before.some((made) => !isHarmless(made) && nowMs <= made.untilMs))
      this.offences.push(`${marker} was called for again while a call was under way`);
    this.#made.set(marker, [...before, { answer, untilMs: nowMs + patienceMs }]);

    if (answer === 'not now') throw new Retryable('not now');
    if (answer === 'never') throw new Terminal('never');
    if (answer === 'late') this.#late.push(call);
    if (answer === 'half') this.#happen(call, [...new Set([...this.components(call.thing), ...call.sets])]);
    if (answer === 'done' || answer === 'answer lost') this.#happen(call);
    if (answer !== 'done' && answer !== 'half') throw new Uncertain(answer);
  }

  components(thing: string): readonly string[] {
    return this.#components.get(thing) ?? AT_FIRST;
  }

  /** Somebody else changes it. */
  change(thing: string, components: readonly string[]): void {
    this.#set(thing, components, 'somebody else');
  }

  /** Whether anybody changed it after the call with this marker had. */
  isChangedSince(thing: string, marker: string): boolean {
    const history = this.#history.get(thing) ?? [];
    return history.includes(marker) && history.at(-1) !== marker;
  }

  /** What was on its way arrives. */
  arrive(): void {
    for (const call of this.#late.splice(0)) this.#happen(call);
  }

  #set(thing: string, components: readonly string[], by: string): void {
    this.#components.set(thing, components);
    this.#history.set(thing, [...(this.#history.get(thing) ?? []), by]);
  }

  #happen({ thing, sets, effect, marker }: Call, components = sets): void {
    this.#set(thing, components, marker);
    const times = effect === 'once' ? (this.effects.get(marker)?.times ?? 0) + 1 : 1;
    this.effects.set(marker, { thing, sets, marker, times });
  }
}
