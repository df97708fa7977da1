import type { Line } from './journal.ts';
import {
  branchKey,
  type Head,
  type Header,
  type Machine,
  type Node,
  type Position,
  type Recorded,
  ROOT,
  VERSION,
} from './record.ts';

const NO_EVENTS = '[]';

export const lineOf = (head: Head, events: string = NO_EVENTS): Line => ({ head: JSON.stringify(head), tail: events });

/** What version 1 wrote, where there is `branches` now. */
type Unbranched = (
  | { readonly kind: 'started'; readonly header: Header }
  | { readonly kind: 'moved'; readonly arn: string }
) & {
  readonly position: Position;
  readonly lastEventId: number;
};

/** A line as this version writes it; the first state of an execution follows nothing. */
const current = (head: Head | Unbranched): Head => {
  if (!('position' in head)) return head;
  const { position, lastEventId } = head;
  const branches = { [ROOT]: lastEventId === 1 ? { ...position, after: 0 } : position };
  return head.kind === 'started'
    ? { kind: 'started', header: head.header, branches, lastEventId }
    : { kind: 'moved', arn: head.arn, branches, lastEventId };
};

type Nodes = Map<string, Node & { readonly after: number }>;

const apply = (nodes: Nodes, { branches, lastEventId }: Extract<Head, { kind: 'started' | 'moved' }>): Nodes => {
  for (const [key, node] of Object.entries(branches)) nodes.set(key, { after: lastEventId, ...node });
  return nodes;
};

/** The root and what runs in it: no branch whose Parallel or Map has moved on. */
const living = (nodes: Nodes): Nodes => {
  const found: Nodes = new Map();
  const visit = (key: string): void => {
    const node = nodes.get(key);
    if (node === undefined) return;
    found.set(key, node);
    if (!('phase' in node) || node.phase.kind !== 'branching') return;
    const { fork } = node.phase;
    for (let index = 0; index < fork.length; index += 1) visit(branchKey(fork, index));
  };
  visit(ROOT);
  return found;
};

/** What a journal adds up to. */
export interface Contents {
  readonly machines: ReadonlyMap<string, Machine>;
  /** In the order of their starts. */
  readonly executions: ReadonlyMap<string, Recorded>;
  /** Lines read: when `linesOf` gives as many, the journal is as short as it can be. */
  readonly lines: number;
  /** Whether they are of this version. */
  readonly isCurrent: boolean;
}

/** Adds up lines as they are read, keeping the last `keepEnded` ended executions and all that run. */
export const contentsReader = (
  file: string,
  keepEnded: number
): { read: (line: Line) => void; contents: () => Contents } => {
  const machines = new Map<string, Machine>();
  const executions = new Map<string, Recorded>();
  const nodes = new Map<string, Nodes>();
  const ended: string[] = [];
  let [lines, version] = [0, VERSION];

  const add = (head: Head, events: string): boolean => {
    switch (head.kind) {
      case 'journal':
        version = head.version;
        if (version > VERSION)
          throw new Error(
            `${file}: expected a journal of version ${VERSION} or earlier, found version ${version}, which a later version ` +
              'of this program wrote; run that one, or remove the file to start without its executions'
          );
        return true;
      case 'machine':
        machines.set(head.id, head.machine);
        return true;
      case 'started': {
        const { header, lastEventId } = head;
        const branches = apply(new Map(), head);
        nodes.set(header.executionArn, branches);
        executions.set(header.executionArn, {
          header,
          events: [events],
          standing: { kind: 'running', branches, lastEventId },
        });
        return true;
      }
      case 'moved': {
        const before = executions.get(head.arn);
        const branches = nodes.get(head.arn);
        if (before?.standing.kind !== 'running' || branches === undefined) return false;
        executions.set(head.arn, {
          ...before,
          events: before.events.concat(events === NO_EVENTS ? [] : events),
          standing: { kind: 'running', branches: apply(branches, head), lastEventId: head.lastEventId },
        });
        return true;
      }
      case 'ended': {
        const before = executions.get(head.arn);
        if (before?.standing.kind !== 'running') return false;
        const standing = { kind: 'ended', ending: head.ending, announced: false } as const;
        executions.set(head.arn, { ...before, events: before.events.concat(events), standing });
        nodes.delete(head.arn);
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
      if (!add(current(JSON.parse(head)), tail))
        throw new Error(
          `${file}:${lines}: not a line that this version writes here; remove the file to start without its executions`
        );
      while (ended.length > keepEnded) {
        const oldest = ended.shift() ?? '';
        if (executions.get(oldest)?.standing.kind === 'ended') executions.delete(oldest);
      }
    },
    contents: () => ({ machines, executions: withLiving(executions), lines, isCurrent: version === VERSION }),
  };
};

const withLiving = (executions: ReadonlyMap<string, Recorded>): ReadonlyMap<string, Recorded> =>
  new Map(
    Array.from(executions, ([arn, recorded]) => {
      const { standing } = recorded;
      if (standing.kind !== 'running') return [arn, recorded];
      return [arn, { ...recorded, standing: { ...standing, branches: living(new Map(standing.branches)) } }];
    })
  );

const joined = (events: readonly string[]): string =>
  `[${events
    .map((text) => text.slice(1, -1))
    .filter((text) => text !== '')
    .join(',')}]`;

/** The fewest lines that say the same. */
export function* linesOf({ machines, executions }: Contents): Generator<Line> {
  yield lineOf({ kind: 'journal', version: VERSION });
  const used = new Set(Array.from(executions.values(), ({ header }) => header.machine));
  for (const [id, machine] of machines) if (used.has(id)) yield lineOf({ kind: 'machine', id, machine });
  for (const { header, events, standing } of executions.values()) {
    yield standing.kind === 'running'
      ? lineOf(
          {
            kind: 'started',
            header,
            branches: Object.fromEntries(standing.branches),
            lastEventId: standing.lastEventId,
          },
          joined(events)
        )
      : lineOf({ ...standing, kind: 'finished', header }, joined(events));
  }
}
