import { createHash } from 'node:crypto';
import { checksumOf, DEFAULT_ALGORITHM } from '../../objects/checksums.ts';
import { type Exchange, ServiceError } from '../exchange.ts';

export interface Received {
  readonly content: Buffer;
  readonly checksum: { readonly algorithm: string; readonly value: string };
  /** Whether the client has said itself what the content adds up to, with MD5 or a checksum. */
  readonly isVouchedFor: boolean;
}

const incomplete = (): ServiceError =>
  new ServiceError('IncompleteBody', 'the chunks of the body do not add up to what its headers say');

/** `<hex length>[;chunk-signature=…] CRLF <bytes> CRLF`, to a chunk of length 0, then trailers: as SDKs send what they sum up on the way. */
const dechunked = (body: Buffer): { readonly content: Buffer; readonly trailers: ReadonlyMap<string, string> } => {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    const [, hex] = /^([0-9a-f]{1,8})(?:;.*)?$/i.exec(body.toString('latin1', at, end < 0 ? at : end)) ?? [];
    if (hex === undefined) throw incomplete();
    const [start, length] = [end + 2, Number.parseInt(hex, 16)];
    at = start + length;
    if (length === 0) break;
    if (body.length < at + 2) throw incomplete();
    chunks.push(body.subarray(start, at));
    at += 2;
  }
  const lines = body.toString('latin1', at).split(/\r?\n/).filter(Boolean);
  const pairs = lines.map(
    (line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()] as const
  );
  return { content: Buffer.concat(chunks), trailers: new Map(pairs) };
};

const checkMd5 = (given: string, content: Buffer): void => {
  if (Buffer.from(given, 'base64').length !== 16)
    throw new ServiceError('InvalidDigest', 'The Content-MD5 you specified is not valid.');
  if (createHash('md5').update(content).digest('base64') !== given)
    throw new ServiceError('BadDigest', 'The Content-MD5 you specified did not match what we received.');
};

const CHECKSUM_HEADER = /^x-amz-checksum-(?!algorithm$|type$|mode$)(\w+)$/;

/** The content of a request, which is what the client says it is: by length, SHA-256, MD5 and checksum, as far as it says so. */
export const receive = ({ headers, body }: Exchange): Received => {
  const sha256 = String(headers['x-amz-content-sha256'] ?? 'UNSIGNED-PAYLOAD');
  const isChunked = sha256.startsWith('STREAMING-');
  const { content, trailers } = isChunked ? dechunked(body) : { content: body, trailers: new Map<string, string>() };
  const length = headers['x-amz-decoded-content-length'];
  if (isChunked && length !== undefined && Number(length) !== content.length) throw incomplete();
  if (/^[0-9a-f]{64}$/.test(sha256) && createHash('sha256').update(content).digest('hex') !== sha256)
    throw new ServiceError(
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed."
    );
  const md5 = headers['content-md5'];
  if (md5 !== undefined) checkMd5(String(md5), content);

  const given = [...Object.entries(headers), ...trailers].flatMap(([name, value]) => {
    const [, algorithm] = CHECKSUM_HEADER.exec(name) ?? [];
    return algorithm === undefined ? [] : [{ algorithm, value: String(value) }];
  });
  if (given.length > 1)
    throw new ServiceError(
      'InvalidRequest',
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.'
    );
  const algorithm = given[0]?.algorithm ?? DEFAULT_ALGORITHM;
  const value = checksumOf(algorithm, content);
  if (value === undefined)
    throw new ServiceError('NotImplemented', `the local stack does not know the checksum ${algorithm}`, 501);
  if (given[0] !== undefined && given[0].value !== value)
    throw new ServiceError(
      'BadDigest',
      `The ${algorithm.toUpperCase()} you specified did not match the calculated checksum.`
    );
  return { content, checksum: { algorithm, value }, isVouchedFor: md5 !== undefined || given.length > 0 };
};

/** What S3 asks for where a request must not be garbled: what locks an object, or deletes many. */
export const vouchedFor = (received: Received): Received => {
  if (received.isVouchedFor) return received;
  const message = 'Missing required header for this request: Content-MD5 OR x-amz-checksum-*';
  throw new ServiceError('InvalidRequest', message);
};
