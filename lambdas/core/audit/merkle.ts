import { hash } from 'node:crypto';

/*
 * Merkle trees as RFC 6962 (Certificate Transparency) builds them: a leaf and an inner node are hashed under different
 * prefixes, so that neither can be taken for the other, and the left half of a tree is the largest power of two below its size.
 */

const sha256 = (data: Uint8Array): Buffer => hash('sha256', data, 'buffer');

const leafOf = (entry: string): Buffer => sha256(Buffer.concat([Buffer.of(0), Buffer.from(entry, 'utf8')]));
const nodeOf = (left: Buffer, right: Buffer): Buffer => sha256(Buffer.concat([Buffer.of(1), left, right]));

/** The largest power of two below `size`, which is above 1. */
const leftOf = (size: number): number => 2 ** Math.floor(Math.log2(size - 1));

/** The hash of `size` entries from `start` on. */
const hashOf = (entries: readonly string[], start: number, size: number): Buffer => {
  if (size === 0) return sha256(Buffer.alloc(0));
  if (size === 1) return leafOf(entries[start] ?? '');
  const left = leftOf(size);
  return nodeOf(hashOf(entries, start, left), hashOf(entries, start + left, size - left));
};

/** The root over entries in this order, in hexadecimal; of none, the hash of nothing. */
export const merkleRoot = (entries: readonly string[]): string => hashOf(entries, 0, entries.length).toString('hex');

/** The hashes beside the way from an entry up to the root, lowest first: what shows that the entry is in it. */
export const inclusionProof = (entries: readonly string[], index: number): readonly string[] => {
  const path: string[] = [];
  let [start, size] = [0, entries.length];
  if (!(index >= 0 && index < size)) throw new RangeError(`there is no entry ${index} among ${size}`);
  while (size > 1) {
    const left = leftOf(size);
    const isLeft = index < start + left;
    path.unshift((isLeft ? hashOf(entries, start + left, size - left) : hashOf(entries, start, left)).toString('hex'));
    [start, size] = isLeft ? [start, left] : [start + left, size - left];
  }
  return path;
};

export interface Inclusion {
  readonly index: number;
  /** How many entries the tree has. */
  readonly size: number;
  readonly path: readonly string[];
}

/** The root that a proof leads to from this entry, or undefined where the proof fits no tree of that size. */
export const rootFrom = (entry: string, { index, size, path }: Inclusion): string | undefined => {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) return undefined;
  // from the top down: on which side of the way each hash lies
  const sides: ('left' | 'right')[] = [];
  for (let [at, rest] = [index, size]; rest > 1; ) {
    const left = leftOf(rest);
    const isLeft = at < left;
    sides.unshift(isLeft ? 'right' : 'left');
    [at, rest] = isLeft ? [at, left] : [at - left, rest - left];
  }
  if (sides.length !== path.length) return undefined;
  return path
    .reduce((node, text, height) => {
      const beside = Buffer.from(text, 'hex');
      return sides[height] === 'left' ? nodeOf(beside, node) : nodeOf(node, beside);
    }, leafOf(entry))
    .toString('hex');
};
