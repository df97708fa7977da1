import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inclusionProof, merkleRoot, rootFrom } from '../../../lambdas/core/audit/merkle.ts';

/** The leaves that implementations of Certificate Transparency are tried with. */
const INPUTS = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => Buffer.from(hex, 'hex').toString('latin1')
);

const entries = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 40 });
const withIndex = entries.chain((all) => fc.record({ all: fc.constant(all), index: fc.nat(all.length - 1) }));

describe('a Merkle root', () => {
  it.each([
    [0, 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [1, '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d'],
    [2, 'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125'],
    [3, 'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77'],
    [8, '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328'],
  ])('of %i leaves is what RFC 6962 makes it', (size, root) => {
    expect(merkleRoot(INPUTS.slice(0, size))).toBe(root);
  });

  it('is another where a leaf is changed, left out, added, or where two have changed places', () => {
    fc.assert(
      fc.property(withIndex, fc.string(), fc.nat(), ({ all, index }, word, other) => {
        const root = merkleRoot(all);
        const places = [index, other % all.length] as const;
        const swapped = all.with(places[0], all[places[1]] ?? '').with(places[1], all[places[0]] ?? '');
        if (word !== all[index]) expect(merkleRoot(all.with(index, word))).not.toBe(root);
        expect(merkleRoot(all.toSpliced(index, 1))).not.toBe(root);
        expect(merkleRoot(all.toSpliced(index, 0, word))).not.toBe(root);
        if (places[0] !== places[1]) expect(merkleRoot(swapped)).not.toBe(root);
      })
    );
  });

  it('is not that of a leaf made to look like a node', () => {
    const [left, right] = ['a', 'b'];
    const node = Buffer.concat([
      Buffer.of(1),
      Buffer.from(merkleRoot([left]), 'hex'),
      Buffer.from(merkleRoot([right]), 'hex'),
    ]);
    expect(merkleRoot([node.toString('latin1')])).not.toBe(merkleRoot([left, right]));
  });
});

describe('a proof of inclusion', () => {
  it('leads to the root, in as many steps as the tree is high', () => {
    fc.assert(
      fc.property(withIndex, ({ all, index }) => {
        const path = inclusionProof(all, index);
        expect(rootFrom(all[index] ?? '', { index, size: all.length, path })).toBe(merkleRoot(all));
        expect(path.length).toBeLessThanOrEqual(Math.ceil(Math.log2(all.length)));
      })
    );
  });

  it('leads elsewhere for any other entry, place, size or hash beside the way', () => {
    fc.assert(
      fc.property(withIndex, fc.string(), fc.nat(), ({ all, index }, word, at) => {
        const [root, path] = [merkleRoot(all), inclusionProof(all, index)];
        const entry = all[index] ?? '';
        const inclusion = { index, size: all.length, path };
        if (word !== entry) expect(rootFrom(word, inclusion)).not.toBe(root);
        const elsewhere = at % all.length;
        if (elsewhere !== index) expect(rootFrom(entry, { ...inclusion, index: elsewhere })).not.toBe(root);
        expect(rootFrom(entry, { ...inclusion, path: [...path, 'ab'.repeat(32)] })).toBeUndefined();
        if (path.length > 0)
          expect(rootFrom(entry, { ...inclusion, path: path.with(at % path.length, 'ab'.repeat(32)) })).not.toBe(root);
      })
    );
  });

  it.each([-1, 2, 0.5])('is none for place %d of two', (index) => {
    expect(rootFrom('a', { index, size: 2, path: [merkleRoot(['b'])] })).toBeUndefined();
    if (index !== 0.5) expect(() => inclusionProof(['a', 'b'], index)).toThrow('there is no entry');
  });
});
