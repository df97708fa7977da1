import { GAP_MORE, GAP_SHIFT, HEADER_BYTES, MAGIC, SCOPE_AT } from './format.ts';
import type { Model } from './model.ts';

/** A model as bytes, the same for the same model on every machine. */
export const serialise = ({ labels, vocabulary, linear, scope, temperature, threshold }: Model): Uint8Array => {
  const names = new TextEncoder().encode(JSON.stringify(labels));
  const header = new Uint8Array(HEADER_BYTES);
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  header[SCOPE_AT] = scope === undefined ? 0 : 1;
  view.setUint32(8, vocabulary.buckets.length, true);
  view.setUint32(12, names.length, true);
  view.setFloat64(16, temperature, true);
  view.setFloat64(24, threshold, true);
  const parts = [
    header,
    names,
    floats(scope === undefined ? [] : [scope.lead, scope.known, scope.base], 8),
    floats([...linear.biases], 4),
    varints(gapsOf(vocabulary.buckets)),
    vocabulary.rarity,
    linear.exponents,
    varints(Array.from(linear.starts.subarray(1), (end, row) => end - (linear.starts[row] ?? 0))),
    weightsOf(linear),
  ];
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at); // signed bytes are stored as their two's complement
    at += part.length;
  }
  return bytes;
};

const floats = (values: readonly number[], width: 4 | 8): Uint8Array => {
  const view = new DataView(new ArrayBuffer(values.length * width));
  for (const [at, value] of values.entries())
    if (width === 4) view.setFloat32(at * width, value, true);
    else view.setFloat64(at * width, value, true);
  return new Uint8Array(view.buffer);
};

/** Of ascending numbers, how many lie between each and the one before. */
const gapsOf = (numbers: Iterable<number>): readonly number[] => {
  let previous = -1;
  return Array.from(numbers, (number) => {
    const gap = number - previous - 1;
    previous = number;
    return gap;
  });
};

const weightsOf = ({ starts, classes, weights }: Model['linear']): Uint8Array => {
  const bytes: number[] = [];
  for (const [row, end] of starts.subarray(1).entries()) {
    const from = starts[row] ?? 0;
    for (const [at, gap] of gapsOf(classes.subarray(from, end)).entries()) {
      bytes.push((Math.min(gap, GAP_MORE) << GAP_SHIFT) | ((weights[from + at] ?? 0) & 31));
      if (gap >= GAP_MORE) addVarint(bytes, gap - GAP_MORE);
    }
  }
  return Uint8Array.from(bytes);
};

const addVarint = (bytes: number[], value: number): void => {
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  bytes.push(rest);
};

const varints = (values: readonly number[]): Uint8Array => {
  const bytes: number[] = [];
  for (const value of values) addVarint(bytes, value);
  return Uint8Array.from(bytes);
};
