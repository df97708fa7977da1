import type { Measured } from './governed-runs.ts';

const ROWS = [
  ['functions', 'functions, with the calls of Jira that they make'],
  ['database', 'dynoxide'],
  ['journal', 'stack: journal of executions, to the disk'],
  ['rest', 'stack: gateway, interpreter, endpoint, messages to functions'],
] as const;

const line = (label: string, value: number, whole: number): string =>
  `  ${label.padEnd(62)} ${value.toFixed(1).padStart(7)} ms ${((100 * value) / whole).toFixed(0).padStart(4)} %`;

/** Where the time of a run went that had the machine to itself, and what runs used of the CPUs. */
export const printShares = (measured: readonly Measured[], print: (line: string) => void): void => {
  const alone = measured.find(({ concurrency }) => concurrency === 1)?.perRun;
  if (alone !== undefined) {
    print('\nWhere the time of one run went, at the mean of runs one after the other\n');
    for (const [part, label] of ROWS) print(line(label, alone.wallMs[part], alone.meanMs));
    const { functions, database } = alone.wallMs;
    print(line('all', alone.meanMs, alone.meanMs));
    print(line('of it in the stack', alone.meanMs - functions - database, alone.meanMs));
  }
  print('\nCPU of a run\n\n  at once    stack and Jira   functions   dynoxide    stack and Jira');
  for (const { concurrency, perRun } of measured) {
    const { main, functions, database } = perRun.cpuMs;
    const share = `${((100 * main) / (main + functions + database)).toFixed(0)} %`;
    const cells = [main, functions, database].map((ms) => `${ms.toFixed(1)} ms`);
    print(
      `  ${String(concurrency).padStart(7)} ${cells[0]?.padStart(17)} ${cells[1]?.padStart(11)} ${cells[2]?.padStart(10)} ${share.padStart(17)}`
    );
  }
};
