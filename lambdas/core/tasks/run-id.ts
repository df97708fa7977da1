import { createHash } from 'node:crypto';

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const LENGTH = 26;

/** The first 130 bits of at least 17 bytes, five to a character. */
const spell = (bytes: Uint8Array): string => {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, '0')).join('');
  return Array.from({ length: LENGTH }, (_, at) => ALPHABET[Number.parseInt(bits.slice(at * 5, at * 5 + 5), 2)]).join(
    ''
  );
};

/** The same tenant and idempotency key always name the same run, and no other tenant's. */
export const runIdOf = (tenant: string, key: string): string =>
  spell(createHash('sha256').update(`${tenant}\0${key}`).digest());

/** A run id for a task without a key; `random` gives that many random bytes. */
export const randomRunId = (random: (bytes: number) => Uint8Array): string => spell(random(17));
