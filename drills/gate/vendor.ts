import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';

/** What becomes of a call to the system. `late`: it is on its way, and takes effect when nobody waits for it any more. */
export const ANSWERS = ['done', 'not now', 'never', 'answer lost', 'call lost', 'late'] as const;
export type Answer = (typeof ANSWERS)[number];

/** A call that was made; `untilMs` is how long it may still take effect, as far as anybody may count on that. */
interface Made {
  readonly answer: Answer;
  readonly untilMs: number;
}

interface Call {
  /** What the call is about: one of these for each action. */
  readonly thing: string;
  readonly effect: 'idempotent' | 'once';
  readonly marker: string;
  readonly answer: Answer;
  readonly nowMs: number;
  readonly patienceMs: number;
}

const isHarmless = ({ answer }: Made): boolean => answer === 'not now' || answer === 'never';

/** A system of the drill's own, which counts what happens in it. */
export class Vendor {
  /** By thing: how often it took effect. For `idempotent`, once more leaves it as it is. */
  readonly effects = new Map<string, number>();
  /** By thing: who asked for it. */
  readonly markers = new Map<string, Set<string>>();
  /** What no scope function may do to a system. */
  readonly offences: string[] = [];
  readonly #made = new Map<string, Made[]>();
  readonly #late: Call[] = [];

  call(call: Call): void {
    const { thing, effect, answer, nowMs, patienceMs } = call;
    const before = this.#made.get(thing) ?? [];
    if (before.some((made) => made.answer === 'done' || made.answer === 'answer lost'))
      this.offences.push(`${thing} was called for again after its effect`);
    if (effect === 'once' && before.some((made) => !isHarmless(made)))
      this.offences.push(`${thing} may happen once, and was called for again after a call that nobody had heard of`);
    if (before.some((made) => !isHarmless(made) && nowMs <= made.untilMs))
      this.offences.push(`${thing} was called for again while a call was under way`);
    this.#made.set(thing, [...before, { answer, untilMs: nowMs + patienceMs }]);

    if (answer === 'not now') throw new Retryable('not now');
    if (answer === 'never') throw new Terminal('never');
    if (answer === 'late') this.#late.push(call);
    if (answer === 'done' || answer === 'answer lost') this.#happen(call);
    if (answer !== 'done') throw new Uncertain(answer);
  }

  shows(thing: string): boolean {
    return (this.effects.get(thing) ?? 0) > 0;
  }

  /** What was on its way arrives. */
  arrive(): void {
    for (const call of this.#late.splice(0)) this.#happen(call);
  }

  #happen({ thing, effect, marker }: Call): void {
    this.effects.set(thing, effect === 'once' ? (this.effects.get(thing) ?? 0) + 1 : 1);
    this.markers.set(thing, (this.markers.get(thing) ?? new Set()).add(marker));
  }
}
