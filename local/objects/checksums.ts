import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** A CRC of 32 or 64 bits, as two halves: `polynomial` is reflected, and all bits are inverted before and after. */
const crcOf = (high: number, low: number, bytes: 4 | 8): ((content: Buffer) => Buffer) => {
  const ones = bytes === 8 ? 0xffffffff : 0;
  const [highs, lows] = [new Uint32Array(256), new Uint32Array(256)];
  for (let index = 0; index < 256; index += 1) {
    let [h, l] = [0, index];
    for (let bit = 0; bit < 8; bit += 1) {
      const isOdd = (l & 1) === 1;
      l = ((l >>> 1) | (h << 31)) ^ (isOdd ? low : 0);
      h = (h >>> 1) ^ (isOdd ? high : 0);
    }
    highs[index] = h;
    lows[index] = l;
  }
  return (content) => {
    let [h, l] = [ones, 0xffffffff];
    for (const byte of content) {
      const index = (l ^ byte) & 0xff;
      l = ((l >>> 8) | (h << 24)) ^ (lows[index] ?? 0);
      h = (h >>> 8) ^ (highs[index] ?? 0);
    }
    const result = Buffer.alloc(8);
    result.writeUInt32BE((h ^ ones) >>> 0, 0);
    result.writeUInt32BE(~l >>> 0, 4);
    return result.subarray(8 - bytes);
  };
};

const sha =
  (algorithm: 'sha1' | 'sha256') =>
  (content: Buffer): Buffer =>
    createHash(algorithm).update(content).digest();

const zlibCrc32 = (content: Buffer): Buffer => {
  const result = Buffer.alloc(4);
  result.writeUInt32BE(crc32(content));
  return result;
};

const CHECKSUMS: Readonly<Record<string, (content: Buffer) => Buffer>> = {
  crc32: zlibCrc32,
  crc32c: crcOf(0, 0x82f63b78, 4),
  crc64nvme: crcOf(0x9a6c9329, 0xac4bc9b5, 8),
  sha1: sha('sha1'),
  sha256: sha('sha256'),
};

/** The algorithm that S3 uses where the client names none. */
export const DEFAULT_ALGORITHM = 'crc64nvme';

/** The checksum in base 64; `undefined` for an algorithm that is not known. */
export const checksumOf = (algorithm: string, content: Buffer): string | undefined =>
  Object.hasOwn(CHECKSUMS, algorithm) ? CHECKSUMS[algorithm]?.(content).toString('base64') : undefined;
