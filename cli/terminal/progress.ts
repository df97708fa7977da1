import type { Terminal } from './terminal.ts';
import { cut } from './width.ts';

export interface Progress {
  /** `settled` never falls; `summary` is our own text. */
  update(settled: number, summary: string): void;
  done(): void;
}

const BAR = 24;
/** Where lines cannot be redrawn, one is written at each of so many parts. */
const PARTS = 10;

/** A bar that is redrawn on a terminal; elsewhere a plain line for every tenth of the way. */
export const showProgress = (terminal: Terminal, label: string, total: number): Progress => {
  let part = 0;
  return {
    update(settled, summary) {
      const share = total === 0 ? 1 : Math.min(1, settled / total);
      if (terminal.rich) {
        const full = Math.round(share * BAR);
        const text = cut(` ${settled}/${total}  ${summary}`, Math.max(0, terminal.columns - label.length - BAR - 4));
        terminal.draw(
          `  ${label} ${terminal.paint('good', '━'.repeat(full))}${terminal.paint('quiet', '─'.repeat(BAR - full))}${text}`
        );
        return;
      }
      const reached = Math.floor(share * PARTS);
      if (reached <= part) return;
      part = reached;
      terminal.line(`  ${label} ${settled} of ${total}: ${summary}`);
    },
    done() {
      if (terminal.rich) terminal.draw('');
    },
  };
};
