/** What is needed of a stream to write on it. */
export interface Sink {
  readonly write: (text: string) => unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export type Tone = 'plain' | 'strong' | 'quiet' | 'good' | 'note' | 'warn' | 'bad';

const CODES: Readonly<Record<Tone, string>> = {
  plain: '',
  strong: '1',
  quiet: '2',
  good: '32',
  note: '36',
  warn: '33',
  bad: '31',
};

/** How wide lines are where nobody says. */
const DEFAULT_COLUMNS = 120;
const NARROWEST = 20;

/** One stream as a place to write lines on. Colour and redrawing happen on a terminal only, and never under NO_COLOR. */
export interface Terminal {
  readonly columns: number;
  /** Whether escape sequences are understood and wanted. */
  readonly rich: boolean;
  line(text?: string): void;
  paint(tone: Tone, text: string): string;
  /** Replaces the last drawn line by this one; the next `line` starts where it stood. Nothing where not `rich`. */
  draw(text: string): void;
}

export const terminalOn = (sink: Sink, env: Readonly<Record<string, string | undefined>>): Terminal => {
  const rich = sink.isTTY === true && !env.NO_COLOR && env.TERM !== 'dumb';
  let drawn = false;
  const erase = () => {
    const sequence = drawn ? '\r\u001b[2K' : '';
    drawn = false;
    return sequence;
  };
  return {
    get columns() {
      return Math.max(NARROWEST, sink.columns || DEFAULT_COLUMNS);
    },
    rich,
    line: (text = '') => void sink.write(`${erase()}${text}\n`),
    paint: (tone, text) => (rich && tone !== 'plain' && text !== '' ? `\u001b[${CODES[tone]}m${text}\u001b[0m` : text),
    draw(text) {
      if (!rich) return;
      sink.write(`${erase()}${text}`);
      drawn = true;
    },
  };
};
