import { hash } from 'node:crypto';

/**
 * JSON with one spelling per value: keys sorted by code unit, no white space, absent (`undefined`) members left out.
 * Throws a TypeError for what JSON cannot carry exactly: non-finite numbers, functions, symbols, bigints.
 */
export const canonicalJson = (value: unknown): string => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError(`canonical JSON takes finite numbers, found ${value}`);
    return JSON.stringify(value);
  }
  if (Array.isArray(value))
    return `[${value.map((item) => canonicalJson(item === undefined ? null : item)).join(',')}]`;
  if (typeof value === 'object') {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`canonical JSON takes JSON values, found a ${typeof value}`);
};

/** SHA-256 of text or bytes, in hexadecimal. */
export const sha256 = (data: string | Uint8Array): string => hash('sha256', data);

/** SHA-256 of a value's canonical JSON, in hexadecimal: equal values have equal digests. */
export const digestOf = (value: unknown): string => sha256(canonicalJson(value));
