import type { Line } from './journal.ts';
import type { Head, Machine, Recorded } from './record.ts';

const NO_EVENTS = '[]';

export const lineOf = (head: Head, events: string = NO_EVENTS): Line => ({ head: JSON.stringify(head), tail: events });

/** What a journal adds up to. */
export interface Contents {
  readonly machines: ReadonlyMap<string, Machine>;
  /** In the order of their starts. */
  readonly executions: ReadonlyMap<string, Recorded>;
  /** Lines read: when `linesOf` gives as many, the journal is as short as it can be. */
  readonly lines: number;
}

/** Adds up lines as they are read, keeping the last `keepEnded` ended executions and all that run. */
export const contentsReader = (
  file: string,
  keepEnded: number
): { read: (line: Line) => void; contents: () => Contents } => {
  const machines = new Map<string, Machine>();
  const executions = new Map<string, Recorded>();
  const ended: string[] = [];
  let lines = 0;

  const apply = (head: Head, events: string): boolean => {
    switch (head.kind) {
      case 'journal':
        return head.version === 1;
      case 'machine':
        machines.set(head.id, head.machine);
        return true;
      case 'started': {
        const { header, position, lastEventId } = head;
        executions.set(header.executionArn, {
          header,
          events: [events],
          standing: { kind: 'running', position, lastEventId },
        });
        return true;
      }
      case 'moved': {
        const before = executions.get(head.arn);
        if (before?.standing.kind !== 'running') return false;
        const { position, lastEventId } = head;
        const standing = { kind: 'running', position, lastEventId } as const;
        executions.set(head.arn, {
          ...before,
          events: before.events.concat(events === NO_EVENTS ? [] : events),
          standing,
        });
        return true;
      }
      case 'ended': {
        const before = executions.get(head.arn);
        if (before?.standing.kind !== 'running') return false;
        const standing = { kind: 'ended', ending: head.ending, announced: false } as const;
        executions.set(head.arn, { ...before, events: before.events.concat(events), standing });
        ended.push(head.arn);
        return true;
      }
      case 'announced': {
        const before = executions.get(head.arn);
        // what has been dropped since needs no mark
        if (before?.standing.kind === 'ended')
          executions.set(head.arn, { ...before, standing: { ...before.standing, announced: true } });
        return true;
      }
      case 'finished': {
        const { header, ending, announced } = head;
        executions.set(header.executionArn, {
          header,
          events: [events],
          standing: { kind: 'ended', ending, announced },
        });
        ended.push(header.executionArn);
        return true;
      }
      default:
        return false;
    }
  };

  return {
    read({ head, tail }) {
      lines += 1;
      if (!apply(JSON.parse(head), tail))
        throw new Error(
          `${file}:${lines}: not a line that this version writes here; remove the file to start without its executions`
        );
      while (ended.length > keepEnded) {
        const oldest = ended.shift() ?? '';
        if (executions.get(oldest)?.standing.kind === 'ended') executions.delete(oldest);
      }
    },
    contents: () => ({ machines, executions, lines }),
  };
};

const joined = (events: readonly string[]): string =>
  `[${events
    .map((text) => text.slice(1, -1))
    .filter((text) => text !== '')
    .join(',')}]`;

/** The fewest lines that say the same. */
export function* linesOf({ machines, executions }: Contents): Generator<Line> {
  yield lineOf({ kind: 'journal', version: 1 });
  const used = new Set(Array.from(executions.values(), ({ header }) => header.machine));
  for (const [id, machine] of machines) if (used.has(id)) yield lineOf({ kind: 'machine', id, machine });
  for (const { header, events, standing } of executions.values()) {
    yield standing.kind === 'running'
      ? lineOf({ ...standing, kind: 'started', header }, joined(events))
      : lineOf({ ...standing, kind: 'finished', header }, joined(events));
  }
}
