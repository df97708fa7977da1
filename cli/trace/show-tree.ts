import { clean } from '../terminal/sanitise.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { pad, widthOf } from '../terminal/width.ts';
import { condense } from './condense.ts';
import type { TraceNode, TraceTree } from './tree.ts';

interface Row {
  readonly stem: string;
  readonly name: string;
  readonly start: string;
  readonly duration: string;
  readonly notes: string;
  readonly tone: Tone;
}

const milliseconds = (value: number): string =>
  value < 10_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(1)} s`;

/** What is worth a word: services' own segments, and the operation of a call. */
const titleOf = ({ name, kind }: TraceNode): string => {
  if (kind === 'AWS::Lambda' || kind === 'AWS::Lambda::Function') return `${name} (function)`;
  if (kind === 'AWS::StepFunctions::StateMachine') return `${name} (state machine)`;
  return kind === '' || kind === 'aws' ? name : `${name} ${kind}`;
};

const toneOf = ({ marks, durationMs }: TraceNode): Tone => {
  if (marks.includes('fault')) return 'bad';
  return marks.length > 0 ? 'warn' : durationMs === undefined ? 'note' : 'plain';
};

/** What an annotation says is said once: a run's id stands on every step. */
const rowsOf = (roots: readonly TraceNode[]): readonly Row[] => {
  const said = new Set<string>();
  const rowsBelow = (nodes: readonly TraceNode[], before: string, isRoot: boolean): readonly Row[] =>
    nodes.flatMap((node, at) => {
      const isLast = at === nodes.length - 1;
      const annotations = Object.entries(node.annotations)
        .map(([key, value]) => `${key}=${value}`)
        .filter((text) => !said.has(text));
      for (const text of annotations) said.add(text);
      const row: Row = {
        stem: isRoot ? '' : `${before}${isLast ? '└─ ' : '├─ '}`,
        name: clean(titleOf(node)),
        start: `+${milliseconds(node.startMs)}`,
        duration: node.durationMs === undefined ? 'in progress' : milliseconds(node.durationMs),
        notes: clean([...node.marks, ...node.errors, ...annotations].join(' ')),
        tone: toneOf(node),
      };
      return [row, ...rowsBelow(node.children, isRoot ? before : `${before}${isLast ? '   ' : '│  '}`, false)];
    });
  return rowsBelow(roots, '', true);
};

const GAP = '  ';
const NARROWEST_NAME = 16;
const widest = (texts: readonly string[]): number => Math.max(0, ...texts.map(widthOf));

/** A trace as a tree with times. Names may be anybody's text: they are cleaned and cut here. */
export const showTree = (out: Terminal, { trace, startedAt, durationMs, inProgress, roots }: TraceTree): void => {
  const rows = rowsOf(roots.map(condense));
  const [startWidth, durationWidth] = [
    widest(rows.map(({ start }) => start)),
    widest(rows.map(({ duration }) => duration)),
  ];
  const times = startWidth + durationWidth + 2 * GAP.length;
  const room = Math.max(
    NARROWEST_NAME,
    out.columns - times - GAP.length - Math.min(40, widest(rows.map(({ notes }) => notes)))
  );
  const nameWidth = Math.min(room, widest(rows.map(({ stem, name }) => stem + name)));

  const state = inProgress ? out.paint('note', 'in progress, or parts are missing') : milliseconds(durationMs);
  out.line(`${out.paint('quiet', 'trace')} ${clean(trace)}  ${out.paint('quiet', startedAt)}  ${state}`);
  out.line();
  for (const { stem, name, start, duration, notes, tone } of rows) {
    const shown = pad(stem + name, nameWidth);
    const line = [
      out.paint('quiet', shown.slice(0, stem.length)) + out.paint(tone, shown.slice(stem.length)),
      out.paint('quiet', pad(start, startWidth, 'right')),
      pad(duration, durationWidth, 'right'),
      out.paint(tone, notes),
    ].join(GAP);
    out.line(line.trimEnd());
  }
};
