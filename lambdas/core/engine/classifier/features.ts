/** Texts are cut here, in UTF-16 code units: what a ticket is about is said before, and time per text stays bounded. */
export const MAX_TEXT = 8_000;

/** Character n-grams are taken inside words, with a boundary mark at both ends. */
const CHARACTERS_MIN = 3;
const CHARACTERS_MAX = 5;

/** Words longer than this are cut for character n-grams: they are identifiers or noise. */
const WORD_MAX = 40;

const BOUNDARY = 0x20;
const PRIME = 0x01000193;
const WORD_SEED = 0x811c9dc5;
const PAIR_SEED = 0x2f0b4a27;
const CHARACTER_SEED = 0x1b873593;

/** One spelling per word: compatibility forms folded, lower case, accents of Latin letters left out. */
export const normalise = (text: string): string =>
  text
    .slice(0, MAX_TEXT)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .normalize('NFC')
    .toLowerCase()
    .slice(0, MAX_TEXT);

/** The words of a normalised text: runs of letters, marks and digits. */
export const wordsOf = (normalised: string): string[] => normalised.match(/[\p{L}\p{M}\p{N}]+/gu) ?? [];

const finish = (hash: number): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
};

let buffer = new Int32Array(1 << 14);
let used = 0;

const emit = (hash: number): void => {
  if (used === buffer.length) {
    const larger = new Int32Array(buffer.length * 2);
    larger.set(buffer);
    buffer = larger;
  }
  buffer[used++] = hash;
};

const emitCharacters = (word: string): void => {
  const length = Math.min(word.length, WORD_MAX) + 2;
  for (let start = 0; start + CHARACTERS_MIN <= length; start++) {
    let hash = CHARACTER_SEED;
    const end = Math.min(length, start + CHARACTERS_MAX);
    for (let at = start; at < end; at++) {
      const unit = at === 0 || at === length - 1 ? BOUNDARY : word.charCodeAt(at - 1);
      hash = Math.imul(hash ^ unit, PRIME);
      if (at - start + 1 >= CHARACTERS_MIN) emit(finish(hash) | 1);
    }
  }
};

/**
 * The features of a text as 32-bit hashes, repeated as often as they occur: words and pairs of neighbours (even hashes),
 * character n-grams inside words (odd hashes). The array is reused by the next call.
 */
export const featuresOf = (text: string): Int32Array => {
  used = 0;
  let previous = 0;
  for (const word of wordsOf(normalise(text))) {
    let hash = WORD_SEED;
    for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), PRIME);
    emit(finish(hash) & ~1);
    emit(finish(Math.imul(previous ^ PAIR_SEED, PRIME) ^ hash) & ~1);
    previous = hash;
    emitCharacters(word);
  }
  return buffer.subarray(0, used);
};

/** Whether a feature is a character n-gram. The two families are weighted and normalised apart. */
export const isCharacters = (hash: number): boolean => (hash & 1) === 1;
