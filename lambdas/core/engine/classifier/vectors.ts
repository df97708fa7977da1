import { featuresOf, isCharacters } from './features.ts';
import type { HashIndex } from './hash-index.ts';

/** A text as numbered features with weights. The sum of squares is 1, or 0 where no feature is known. */
export interface Vector {
  readonly numbers: Int32Array;
  readonly values: Float32Array;
}

/** The share of words and pairs in a vector's length of 1; character n-grams have the rest. */
const WORD_SHARE = 0.5;

/**
 * Turns texts into vectors: 1 + log of the count, times the feature's rarity, each family of features to its share of
 * the length. Features outside the index are left out.
 */
export class Vectoriser {
  readonly #index: HashIndex;
  readonly #rarity: Float32Array;
  readonly #counts: Uint16Array;

  constructor(index: HashIndex, rarity: Float32Array) {
    this.#index = index;
    this.#rarity = rarity;
    this.#counts = new Uint16Array(index.size);
  }

  vector(text: string): Vector {
    const hashes = featuresOf(text);
    const numbers = new Int32Array(hashes.length);
    const values = new Float32Array(hashes.length);
    const family = new Uint8Array(hashes.length);
    const counts = this.#counts;
    let size = 0;
    for (const hash of hashes) {
      const number = this.#index.find(hash);
      if (number < 0) continue;
      const count = counts[number] ?? 0;
      counts[number] = count + 1;
      if (count > 0) continue;
      family[size] = isCharacters(hash) ? 1 : 0;
      numbers[size++] = number;
    }
    let words = 0;
    let characters = 0;
    for (let at = 0; at < size; at++) {
      const number = numbers[at] ?? 0;
      const value = (1 + Math.log(counts[number] ?? 1)) * (this.#rarity[number] ?? 0);
      counts[number] = 0;
      values[at] = value;
      if (family[at] === 1) characters += value * value;
      else words += value * value;
    }
    const share = words > 0 && characters > 0 ? WORD_SHARE : words > 0 ? 1 : 0;
    const ofWords = words > 0 ? Math.sqrt(share / words) : 0;
    const ofCharacters = characters > 0 ? Math.sqrt((1 - share) / characters) : 0;
    for (let at = 0; at < size; at++) values[at] = (values[at] ?? 0) * (family[at] === 1 ? ofCharacters : ofWords);
    return { numbers: numbers.subarray(0, size), values: values.subarray(0, size) };
  }
}
