import { expect, it } from 'vitest';
import { checksumOf } from '../../../local/objects/checksums.ts';

/** The check values that the catalogue of CRCs gives for these nine digits. */
it.each([
  ['crc32', 'cbf43926'],
  ['crc32c', 'e3069283'],
  ['crc64nvme', 'ae8b14860a799888'],
])('sums up by %s', (algorithm, expected) => {
  const value = checksumOf(algorithm, Buffer.from('123456789')) ?? '';
  expect(Buffer.from(value, 'base64').toString('hex')).toBe(expected);
});

it('knows no other', () => {
  expect(checksumOf('xxhash64', Buffer.from(''))).toBeUndefined();
  expect(checksumOf('constructor', Buffer.from(''))).toBeUndefined();
});
