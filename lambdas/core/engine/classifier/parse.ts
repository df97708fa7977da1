import { BUCKETS } from './features.ts';
import { GAP_MORE, GAP_SHIFT, HEADER_BYTES, LABEL_LIMIT, MAGIC, SCOPE_AT } from './format.ts';
import type { Model } from './model.ts';
import { vocabularyOf } from './vectors.ts';

const malformed = (found: string): RangeError =>
  new RangeError(`the classifier model is malformed: ${found}; train it again`);

/** Reads a model. Throws a RangeError that says what is wrong with bytes that are not exactly one model. */
export const parse = (bytes: Uint8Array): Model => {
  if (bytes.length < HEADER_BYTES) throw malformed(`expected at least ${HEADER_BYTES} bytes, found ${bytes.length}`);
  if (MAGIC.some((byte, at) => bytes[at] !== byte))
    throw malformed(`expected it to start with "WRITC" and version ${MAGIC.at(-1)}`);
  const scoped = bytes[SCOPE_AT] ?? 0;
  if (scoped > 1 || bytes[SCOPE_AT + 1] !== 0) throw malformed('its flags are unknown');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { take, varint, ended } = readerOf(bytes);
  take(HEADER_BYTES, 'header');
  const rows = view.getUint32(8, true);
  if (rows > BUCKETS) throw malformed(`expected at most ${BUCKETS} features, found ${rows}`);
  const temperature = view.getFloat64(16, true);
  const threshold = view.getFloat64(24, true);
  if (!(temperature > 0 && Number.isFinite(temperature))) throw malformed(`the temperature is ${temperature}`);
  if (!(threshold >= 0 && threshold <= 1)) throw malformed(`the threshold is ${threshold}, not from 0 to 1`);

  const labels = labelsOf(take(view.getUint32(12, true), 'labels').bytes);
  const numbers = take(24 * scoped, 'scope').from;
  const [lead = 0, known = 0, base = 0] = [0, 8, 16].map((at) => (scoped ? view.getFloat64(numbers + at, true) : 0));
  if (![lead, known, base].every(Number.isFinite)) throw malformed('the scope is not of finite numbers');
  const classCount = labels.length + scoped;
  const from = take(4 * classCount, 'biases').from;
  const biases = Float32Array.from({ length: classCount }, (_, k) => view.getFloat32(from + 4 * k, true));
  if (!biases.every(Number.isFinite)) throw malformed('a bias is not a finite number');

  const buckets = new Int32Array(rows);
  for (let row = 0, bucket = -1; row < rows; row++) {
    bucket += varint('features') + 1;
    if (bucket >= BUCKETS) throw malformed('a feature is beyond the last');
    buckets[row] = bucket;
  }
  const rarity = new Uint8Array(take(rows, 'rarity').bytes);
  const exponents = new Int8Array(take(rows, 'exponents').bytes);
  const starts = new Uint32Array(rows + 1);
  for (let row = 0; row < rows; row++) {
    const count = varint('counts');
    if (count > classCount) throw malformed(`a feature has ${count} weights for ${classCount} classes`);
    starts[row + 1] = (starts[row] ?? 0) + count;
  }
  const count = starts[rows] ?? 0;
  if (count > bytes.length) throw malformed('it ends within the weights');
  const classes = new Uint16Array(count);
  const weights = new Int8Array(count);
  for (let row = 0; row < rows; row++)
    for (let n = starts[row] ?? 0, number = -1; n < (starts[row + 1] ?? 0); n++) {
      const [byte = 0] = take(1, 'weights').bytes;
      const gap = byte >> GAP_SHIFT;
      number += 1 + (gap === GAP_MORE ? gap + varint('weights') : gap);
      if (number >= classCount) throw malformed('a weight is of a class beyond the last');
      classes[n] = number;
      weights[n] = (byte << 27) >> 27; // the sign is the fifth bit
    }
  ended();
  return {
    labels,
    vocabulary: vocabularyOf(buckets, rarity),
    linear: { starts, classes, weights, exponents, biases },
    scope: scoped ? { lead, known, base } : undefined,
    temperature,
    threshold,
  };
};

const readerOf = (bytes: Uint8Array) => {
  let at = 0;
  const take = (length: number, what: string) => {
    const from = at;
    at += length;
    if (at > bytes.length) throw malformed(`it ends within the ${what}`);
    return { from, bytes: bytes.subarray(from, at) };
  };
  return {
    take,
    /** A number of up to 21 bits. */
    varint: (what: string): number => {
      let value = 0;
      for (let shift = 0; shift <= 14; shift += 7) {
        const byte = bytes[at++];
        if (byte === undefined) throw malformed(`it ends within the ${what}`);
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) return value;
      }
      throw malformed(`a number of the ${what} is too large`);
    },
    ended: (): void => {
      if (at !== bytes.length) throw malformed(`${bytes.length - at} bytes follow its end`);
    },
  };
};

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
