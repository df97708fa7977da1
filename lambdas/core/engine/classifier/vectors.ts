import { ln } from './exact.ts';
import { BUCKETS, holdsCharacters } from './features.ts';

/** The features that a model knows, and how rare each is. */
export interface Vocabulary {
  /** The buckets known, ascending: a feature's row is its place here. */
  readonly buckets: Int32Array;
  /** Per row, in steps of 1/16: 1 + ln of how many times fewer texts have the feature than there are texts. */
  readonly rarity: Uint8Array;
  /** Per bucket, its row + 1, or 0. */
  readonly rows: Int32Array;
}

/** A text as rows with weights. The squares sum to 1, or there is nothing: no feature is known. */
export interface Vector {
  readonly rows: Int32Array;
  readonly values: Float32Array;
  /** The share of the text's different features that are known. */
  readonly known: number;
}

/** Words and pairs have this share of a vector's length; character n-grams have the rest. */
const WORD_SHARE = 0.5;

const RARITY_STEP = 1 / 16;

export const vocabularyOf = (buckets: Int32Array, rarity: Uint8Array): Vocabulary => {
  const rows = new Int32Array(BUCKETS);
  for (let row = 0; row < buckets.length; row++) rows[buckets[row] ?? 0] = row + 1;
  return { buckets, rarity, rows };
};

/** The vocabulary of texts, given as their features: those that at least `fewest` texts have. */
export const learnVocabulary = (texts: readonly Int32Array[], fewest: number): Vocabulary => {
  const counts = new Int32Array(BUCKETS);
  for (const features of texts) {
    let previous = -1;
    for (const feature of features) {
      if (feature !== previous) counts[feature] = (counts[feature] ?? 0) + 1;
      previous = feature;
    }
  }
  const buckets: number[] = [];
  const rarity: number[] = [];
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    const count = counts[bucket] ?? 0;
    if (count < fewest) continue;
    buckets.push(bucket);
    rarity.push(Math.min(255, Math.round((1 + ln((texts.length + 1) / (count + 1))) / RARITY_STEP)));
  }
  return vocabularyOf(Int32Array.from(buckets), Uint8Array.from(rarity));
};

/** Turns sorted features into a vector: 1 + ln of the count, times the rarity. Unknown features are left out. */
export const vectorOf = (vocabulary: Vocabulary, features: Int32Array): Vector => {
  const rows = new Int32Array(features.length);
  const values = new Float32Array(features.length);
  let size = 0;
  let different = 0;
  for (let at = 0, next = 0; at < features.length; at = next) {
    different++;
    const feature = features[at] ?? 0;
    for (next = at + 1; features[next] === feature; ) next++;
    const row = (vocabulary.rows[feature] ?? 0) - 1;
    if (row < 0) continue;
    rows[size] = row;
    values[size++] = (1 + ln(next - at)) * (vocabulary.rarity[row] ?? 0);
  }
  const known = size / (different || 1);
  return normalised(vocabulary, { rows: rows.subarray(0, size), values: values.subarray(0, size), known });
};

/** Brings each family of features to its share of the length, in place. */
const normalised = ({ buckets }: Vocabulary, vector: Vector): Vector => {
  const { rows, values } = vector;
  const family = (at: number) => (holdsCharacters(buckets[rows[at] ?? 0] ?? 0) ? 1 : 0);
  const squares: [number, number] = [0, 0];
  for (let at = 0; at < values.length; at++) squares[family(at)] += (values[at] ?? 0) * (values[at] ?? 0);
  const [words, characters] = squares;
  const share = characters === 0 ? 1 : words === 0 ? 0 : WORD_SHARE;
  const factors = [Math.sqrt(share / (words || 1)), Math.sqrt((1 - share) / (characters || 1))] as const;
  for (let at = 0; at < values.length; at++) values[at] = (values[at] ?? 0) * factors[family(at)];
  return vector;
};
