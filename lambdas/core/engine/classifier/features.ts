/** Texts are cut here, in UTF-16 code units: what a ticket is about is said before, and time per text stays bounded. */
export const TEXT_LIMIT = 8_000;

/** Features are hashed to this many numbers. Rarely do two share one, and then they share a weight. */
export const BUCKETS = 2 ** 20;

/** Character n-grams are taken inside words, with a boundary mark at both ends. */
const SHORTEST = 2;
const LONGEST = 5;

/** Words longer than this are cut for character n-grams: they are identifiers or noise. */
const WORD_LIMIT = 40;

const BOUNDARY = 0x20;
const PRIME = 0x01000193;
const WORD_SEED = 0x811c9dc5;
const PAIR_SEED = 0x2f0b4a27;
const CHARACTER_SEED = 0x1b873593;

/** One spelling per word: compatibility forms folded, lower case, accents of Latin letters left out. */
const normalise = (text: string): string =>
  text
    .slice(0, TEXT_LIMIT)
    .normalize('NFKD')
    .replace(/[\u0300-\u036f]/g, '')
    .toLowerCase()
    .normalize('NFC')
    .slice(0, TEXT_LIMIT);

/** Spreads a hash over the buckets: even ones for words and pairs, odd ones for character n-grams. */
const bucket = (hash: number, family: 0 | 1): number => {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (((h ^ (h >>> 16)) << 1) | family) & (BUCKETS - 1);
};

/** Whether a bucket holds character n-grams. The two families are weighted apart. */
export const holdsCharacters = (number: number): boolean => (number & 1) === 1;

const hashOf = (word: string): number => {
  let hash = WORD_SEED;
  for (let at = 0; at < word.length; at++) hash = Math.imul(hash ^ word.charCodeAt(at), PRIME);
  return hash;
};

const addCharacters = (word: string, found: number[]): void => {
  const length = Math.min(word.length, WORD_LIMIT) + 2;
  for (let start = 0; start + SHORTEST <= length; start++) {
    let hash = CHARACTER_SEED;
    for (let at = start; at < Math.min(length, start + LONGEST); at++) {
      const unit = at === 0 || at === length - 1 ? BOUNDARY : word.charCodeAt(at - 1);
      hash = Math.imul(hash ^ unit, PRIME);
      if (at - start + 1 >= SHORTEST) found.push(bucket(hash, 1));
    }
  }
};

/**
 * The features of a text, as sorted bucket numbers, repeated as often as they occur: words, pairs of neighbours, and
 * character n-grams inside words. Empty where the text has neither letter nor digit.
 */
export const featuresOf = (text: string): Int32Array => {
  const found: number[] = [];
  let previous = 0;
  for (const word of normalise(text).match(/[\p{L}\p{M}\p{N}]+/gu) ?? []) {
    const hash = hashOf(word);
    found.push(bucket(hash, 0), bucket(Math.imul(previous ^ PAIR_SEED, PRIME) ^ hash, 0));
    addCharacters(word, found);
    previous = hash;
  }
  return Int32Array.from(found).sort();
};
