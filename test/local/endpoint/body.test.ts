import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { Exchange } from '../../../local/endpoint/exchange.ts';
import { receive, vouchedFor } from '../../../local/endpoint/s3/body.ts';

const received = (body: string, headers: Exchange['headers']) =>
  receive({ method: 'PUT', path: '/b/k', query: new URLSearchParams(), headers, body: Buffer.from(body) });
const hex = (text: string): string => createHash('sha256').update(text).digest('hex');

const TRAILED = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER', 'x-amz-decoded-content-length': '9' };
const chunks = (trailer = '') => `4\r\nfive\r\n5\r\n bits\r\n0\r\n${trailer}\r\n`;

it.each([
  ['whole', 'five bits', {}],
  ['whole, with its digest', 'five bits', { 'x-amz-content-sha256': hex('five bits') }],
  ['in chunks', chunks(), TRAILED],
  ['in chunks, summed up at the end', chunks('x-amz-checksum-crc32:ROJQvw==\r\n'), TRAILED],
  [
    'in chunks that are signed',
    '4;chunk-signature=0\r\nfive\r\n5;chunk-signature=0\r\n bits\r\n0;chunk-signature=0\r\n\r\n',
    { ...TRAILED, 'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD' },
  ],
])('takes a content that comes %s', (_, body, headers) => {
  expect(received(body, headers).content.toString()).toBe('five bits');
});

it.each([
  ['IncompleteBody', 'five bits', TRAILED],
  ['IncompleteBody', '9\r\nfive bi', TRAILED],
  ['IncompleteBody', chunks().slice(0, -5), TRAILED],
  ['IncompleteBody', chunks(), { ...TRAILED, 'x-amz-decoded-content-length': '8' }],
  ['IncompleteBody', 'ffffffff\r\nfive', TRAILED],
  ['BadDigest', chunks('x-amz-checksum-crc32:AAAAAA==\r\n'), TRAILED],
  ['BadDigest', 'a', { 'x-amz-checksum-sha1': 'AAAA' }],
  ['InvalidDigest', 'a', { 'content-md5': 'AAAA' }],
  ['XAmzContentSHA256Mismatch', 'a', { 'x-amz-content-sha256': hex('b') }],
  ['InvalidRequest', 'a', { 'x-amz-checksum-sha1': 'AAAA', 'x-amz-checksum-crc32': 'AAAA' }],
  ['NotImplemented', 'a', { 'x-amz-checksum-xxhash64': 'AAAA' }],
])('refuses with %s what is not as it says (%#)', (name, body, headers) => {
  expect(() => received(body, headers)).toThrow(expect.objectContaining({ name }));
});

it('tells what the client vouches for from what it does not', () => {
  const md5 = createHash('md5').update('a').digest('base64');
  expect(vouchedFor(received('a', { 'content-md5': md5 })).content.toString()).toBe('a');
  expect(() => vouchedFor(received('a', {}))).toThrow(expect.objectContaining({ name: 'InvalidRequest' }));
});
