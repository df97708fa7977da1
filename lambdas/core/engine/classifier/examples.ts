import { featuresOf } from './features.ts';
import { LABEL_LIMIT } from './format.ts';

export interface Example {
  readonly text: string;
  readonly label: string;
}

export interface Row {
  readonly features: Int32Array;
  /** The place of its label among the labels, or their number where it is out of scope. */
  readonly class: number;
}

export interface Prepared {
  readonly rows: readonly Row[];
  readonly labels: readonly string[];
  /** The labels, and one more where there are rows out of scope. */
  readonly classCount: number;
}

const byCodeUnits = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * Checks the examples, drops exact repetitions and gives labels numbers, independently of the examples' order. Throws a
 * RangeError that says what is wrong.
 */
export const prepare = (examples: readonly Example[], outside: string | undefined): Prepared => {
  for (const [at, { text, label }] of examples.entries()) {
    if (text.trim() === '') throw new RangeError(`example ${at + 1} (label ${JSON.stringify(label)}) has no text`);
    if (label.trim() === '') throw new RangeError(`example ${at + 1} has no label`);
  }
  const sorted = examples
    .toSorted((a, b) => byCodeUnits(a.text, b.text) || byCodeUnits(a.label, b.label))
    .filter(({ text, label }, at, all) => text !== all[at - 1]?.text || label !== all[at - 1]?.label);
  const counts = new Map<string, number>();
  for (const { label } of sorted) counts.set(label, (counts.get(label) ?? 0) + 1);
  if (outside !== undefined && !counts.has(outside))
    throw new RangeError(`no example has the label ${JSON.stringify(outside)}, which is to be out of scope`);
  const labels = [...counts.keys()].filter((label) => label !== outside);
  const found = `${labels.length}${outside === undefined ? '' : ' in scope'}`;
  if (labels.length < 2) throw new RangeError(`examples must have at least 2 labels, found ${found}`);
  if (labels.length > LABEL_LIMIT)
    throw new RangeError(`examples must have at most ${LABEL_LIMIT} labels, found ${found}`);
  for (const [label, count] of counts)
    if (count < 2) throw new RangeError(`label ${JSON.stringify(label)} must have at least 2 different texts, found 1`);
  const numbers = new Map(labels.map((label, number) => [label, number]));
  const rows = sorted.map(({ text, label }) => ({
    features: featuresOf(text),
    class: numbers.get(label) ?? labels.length,
  }));
  return { rows, labels, classCount: counts.size };
};
