import type { ChildProcess } from 'node:child_process';

/**
 * A shell that waits for the end of its input, a pipe that this process holds, and then ends the whole group; the program has taken the
 * place, and the process id, of the first shell. 3 is the descriptor of Node's channel to its children.
 */
const TIED = 'exec 9<&0; (read -r _ <&9; kill -9 -$$) 3<&- & exec "$0" "$@" </dev/null 9<&-';

/**
 * What to spawn for a program that ends with this process, even if this one is killed and the program is too busy to notice, and with
 * it whatever the program started. To be spawned `detached`, with a pipe as input.
 */
export const tied = (program: string, args: readonly string[]): readonly [string, string[]] => [
  '/bin/sh',
  ['-c', TIED, program, ...args],
];

/** Kills what was spawned so, with everything it started. */
export const killGroup = ({ pid }: ChildProcess): void => {
  if (pid === undefined) return; // it was never started
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // gone
  }
};
