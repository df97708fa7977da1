import { createContext, Script } from 'node:vm';

/** Of one search, which JSONata's own clock cannot interrupt. */
const LONGEST_MS = 1_000;
/** Whether it ends soon, whatever it is: a short text, few quantifiers, none of a group. */
const isHarmless = (pattern: string, text: string): boolean =>
  text.length < 12 && pattern.length <= 30 && !/\)[*+{]/.test(pattern);

/** A guarded search costs a thread, so it looks this far ahead. */
const AHEAD = 1_000;

const sandbox: { search?: () => unknown } = createContext({});
const script = new Script('search()');

/** Throws what JSONata throws where its time is up. */
const guarded = <T>(search: () => T): T => {
  sandbox.search = search;
  try {
    return script.runInContext(sandbox as object, { timeout: LONGEST_MS }) as T;
  } catch (error) {
    // an error of the sandbox's own realm
    const isTimeout = (error as { code?: unknown }).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
    throw isTimeout ? { code: 'D1012' } : error;
  }
};

interface Found {
  readonly from: number;
  readonly to: number;
  readonly match: RegExpExecArray | null;
}

/** A pattern of an expression, all of whose matches are looked for, that gives up where it would go back and forth without end. */
export class BoundedPattern extends RegExp {
  #text: string | undefined;
  #ahead: Found[] = [];

  override exec(text: string): RegExpExecArray | null {
    if (isHarmless(this.source, text)) return super.exec(text);
    if (this.#text !== text || this.#ahead[0]?.from !== this.lastIndex) {
      this.#text = text;
      this.#ahead = guarded(() => this.#searched(text));
    }
    const found = this.#ahead.shift();
    this.lastIndex = found?.to ?? 0;
    return found?.match ?? null;
  }

  #searched(text: string): Found[] {
    const found: Found[] = [];
    for (;;) {
      const from = this.lastIndex;
      const match = super.exec(text);
      found.push({ from, to: this.lastIndex, match });
      // JSONata refuses to go on after a match of nothing
      if (match === null || match[0] === '' || found.length === AHEAD) return found;
    }
  }
}
