import { clean } from './sanitise.ts';
import type { Terminal, Tone } from './terminal.ts';
import { pad, widthOf } from './width.ts';

export interface Column<Row> {
  readonly header: string;
  readonly cell: (row: Row) => string;
  readonly tone?: (row: Row) => Tone;
  readonly align?: 'right';
  /** The least width it is shrunk to; without it, it keeps the width of its widest cell. */
  readonly min?: number;
  /** Columns with the highest number are left out first where even the least widths do not pad; 0 stays. */
  readonly dispensable: number;
}

const GAP = 2;

interface Measured {
  readonly least: number;
  readonly natural: number;
}

const total = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + GAP * Math.max(0, widths.length - 1);

/** Widths that pad into `available`, taken from the widest shrinkable column first; undefined where none do. */
const shrink = (columns: readonly Measured[], available: number): readonly number[] | undefined => {
  const widths = columns.map(({ natural }) => natural);
  while (total(widths) > available) {
    const candidates = widths.flatMap((width, index) => (width > (columns[index]?.least ?? width) ? [index] : []));
    const widest = candidates.toSorted((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0))[0];
    if (widest === undefined) return undefined;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
  return widths;
};

/** The rows as lines no wider than the terminal. Cells may be anybody's text: they are cleaned and cut here. */
export const table = <Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  { columns: available, paint }: Pick<Terminal, 'columns' | 'paint'>
): readonly string[] => {
  const measured = columns.map((column) => {
    const cells = rows.map((row) => clean(column.cell(row)));
    const natural = Math.max(widthOf(column.header), ...cells.map(widthOf));
    return { column, cells, natural, least: Math.min(natural, column.min ?? natural) };
  });

  let shown = measured;
  let widths = shrink(shown, available);
  while (widths === undefined && shown.length > 1) {
    const first = Math.max(...shown.map(({ column }) => column.dispensable));
    const victim = shown.findLastIndex(({ column }) => column.dispensable === first);
    shown = shown.toSpliced(victim, 1);
    widths = shrink(shown, available);
  }
  const fitted = widths ?? shown.map(() => available);

  const lineOf = (cell: (entry: (typeof measured)[number], width: number) => string) =>
    shown
      .map((entry, index) => cell(entry, fitted[index] ?? 0))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    lineOf(({ column }, width) => paint('quiet', pad(column.header, width, column.align))),
    ...rows.map((row, index) =>
      lineOf(({ column, cells }, width) =>
        paint(column.tone?.(row) ?? 'plain', pad(cells[index] ?? '', width, column.align))
      )
    ),
  ];
};
