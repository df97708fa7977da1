import { HEADER_BYTES, MAGIC } from './format.ts';
import type { Model } from './model.ts';

/** A model as bytes, the same for the same model on every machine. */
export const serialise = ({ labels, vocabulary, ...model }: Model): Uint8Array => {
  const names = new TextEncoder().encode(JSON.stringify(labels));
  const gaps = gapsOf(vocabulary.buckets);
  const size = HEADER_BYTES + names.length + 4 * labels.length + gaps.length + 2 * vocabulary.buckets.length;
  const bytes = new Uint8Array(size + model.weights.length);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  view.setUint32(8, vocabulary.buckets.length, true);
  view.setUint32(12, names.length, true);
  view.setFloat64(16, model.temperature, true);
  view.setFloat64(24, model.threshold, true);
  bytes.set(names, HEADER_BYTES);
  let at = HEADER_BYTES + names.length;
  for (const bias of model.biases) {
    view.setFloat32(at, bias, true);
    at += 4;
  }
  for (const part of [gaps, vocabulary.rarity, model.exponents, model.weights]) {
    bytes.set(part, at); // signed bytes are stored as their two's complement
    at += part.length;
  }
  return bytes;
};

const gapsOf = (buckets: Int32Array): Uint8Array => {
  const bytes: number[] = [];
  let previous = -1;
  for (const bucket of buckets) {
    let gap = bucket - previous - 1;
    for (; gap >= 0x80; gap >>>= 7) bytes.push((gap & 0x7f) | 0x80);
    bytes.push(gap);
    previous = bucket;
  }
  return Uint8Array.from(bytes);
};
