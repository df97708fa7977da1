import type { StartParts } from './demo/parts.ts';
import type { Terminal } from './terminal/terminal.ts';

/** What a command has of the world around it. */
export interface Shell {
  readonly out: Terminal;
  readonly err: Terminal;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the command is told to end. */
  readonly stop: AbortSignal;
  /** Milliseconds since the command was called. */
  readonly now: () => number;
  /** Rejects with the signal's reason when told to end meanwhile. */
  readonly wait: (ms: number) => Promise<void>;
  /** What somebody at the terminal answers, on one line; undefined where nobody is there. */
  readonly ask: (question: string) => Promise<string | undefined>;
  /** What `start` puts together. Loaded on demand: other commands need none of it. */
  readonly parts: () => Promise<StartParts>;
}
