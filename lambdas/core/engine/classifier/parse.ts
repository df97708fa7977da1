import { BUCKETS } from './features.ts';
import { HEADER_BYTES, LABEL_LIMIT, MAGIC } from './format.ts';
import type { Model } from './model.ts';
import { vocabularyOf } from './vectors.ts';

/** Reads a model. Throws a RangeError that says what is wrong with bytes that are not exactly one model. */
export const parse = (bytes: Uint8Array): Model => {
  if (bytes.length < HEADER_BYTES) throw malformed(`expected at least ${HEADER_BYTES} bytes, found ${bytes.length}`);
  if (MAGIC.some((byte, at) => bytes[at] !== byte)) throw malformed('expected it to start with "WRITC" and version 1');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = HEADER_BYTES;
  const take = (length: number, what: string): number => {
    const from = at;
    at += length;
    if (at > bytes.length) throw malformed(`it ends within the ${what}`);
    return from;
  };
  const count = view.getUint32(8, true);
  if (count > BUCKETS) throw malformed(`expected at most ${BUCKETS} features, found ${count}`);
  const temperature = view.getFloat64(16, true);
  const threshold = view.getFloat64(24, true);
  if (!(temperature > 0 && Number.isFinite(temperature))) throw malformed(`the temperature is ${temperature}`);
  if (!(threshold >= 0 && threshold <= 1)) throw malformed(`the threshold is ${threshold}, not from 0 to 1`);

  const length = view.getUint32(12, true);
  const labels = labelsOf(bytes.subarray(take(length, 'labels'), at));
  const from = take(4 * labels.length, 'biases');
  const biases = Float32Array.from(labels, (_, k) => view.getFloat32(from + 4 * k, true));
  if (!biases.every(Number.isFinite)) throw malformed('a bias is not a finite number');
  const buckets = new Int32Array(count);
  let bucket = -1;
  for (let row = 0; row < count; row++) {
    let gap = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      const byte = bytes[take(1, 'features')] ?? 0;
      gap += (byte & 0x7f) << shift;
      more = byte >= 0x80;
      if (shift > 14 && more) throw malformed('a feature is beyond the last');
    }
    bucket += gap + 1;
    if (bucket >= BUCKETS) throw malformed('a feature is beyond the last');
    buckets[row] = bucket;
  }
  const rarity = new Uint8Array(bytes.subarray(take(count, 'rarity'), at));
  const exponents = new Int8Array(bytes.subarray(take(count, 'exponents'), at));
  const weights = new Int8Array(bytes.subarray(take(count * labels.length, 'weights'), at));
  if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow its end`);
  return { labels, vocabulary: vocabularyOf(buckets, rarity), weights, exponents, biases, temperature, threshold };
};

const malformed = (found: string): RangeError =>
  new RangeError(`the classifier model is malformed: ${found}; train it again`);

const labelsOf = (bytes: Uint8Array): readonly string[] => {
  let labels: unknown;
  try {
    labels = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw malformed('its labels are not JSON');
  }
  if (!Array.isArray(labels) || !labels.every((label) => typeof label === 'string'))
    throw malformed('its labels are not a list of strings');
  if (labels.length < 2 || labels.length > LABEL_LIMIT || new Set(labels).size < labels.length)
    throw malformed(`expected 2 to ${LABEL_LIMIT} different labels, found ${labels.length}`);
  return labels;
};
