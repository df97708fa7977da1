import type { Shell } from '../../../cli/shell.ts';
import { terminalOn } from '../../../cli/terminal/terminal.ts';

export interface ShellGiven {
  readonly env?: Readonly<Record<string, string>>;
  readonly tty?: boolean;
  readonly columns?: number;
  readonly parts?: Shell['parts'];
  readonly stop?: AbortSignal;
  readonly onOut?: (text: string) => void;
  /** What somebody answers; nobody is there without it. */
  readonly answer?: string;
}

/** A shell that keeps what was written, and whose waits are short. */
export const aShell = ({ env = {}, tty = false, columns = 100, parts, stop, onOut, answer }: ShellGiven = {}) => {
  const written = { out: '', err: '' };
  const sink = (name: 'out' | 'err') => ({
    isTTY: tty,
    columns,
    write: (text: string) => {
      written[name] += text;
      if (name === 'out') onOut?.(text);
    },
  });
  const signal = stop ?? new AbortController().signal;
  const shell: Shell = {
    out: terminalOn(sink('out'), env),
    err: terminalOn(sink('err'), env),
    env,
    stop: signal,
    now: () => performance.now(),
    wait: (ms) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) reject(signal.reason);
        else setTimeout(resolve, Math.min(ms, 5));
      }),
    ask: async () => answer,
    parts: parts ?? (async () => Promise.reject(new Error('this test has no parts'))),
  };
  return { shell, written };
};
