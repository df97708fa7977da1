import { createHmac } from 'node:crypto';
import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import * as z from 'zod';
import { readIfPresent, replaceFile } from '../files.ts';

export interface SigningKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly publicJwk: JWK;
  /** The secret of a client, the same for as long as the keys are. */
  secretOf(clientId: string): string;
}

const Stored = z.looseObject({ kty: z.literal('RSA'), n: z.string(), e: z.string(), d: z.string() });
type Stored = z.infer<typeof Stored>;

const readKey = async (file: string): Promise<Stored | undefined> => {
  const text = readIfPresent(file);
  if (text === undefined) return undefined;
  try {
    const stored = Stored.parse(JSON.parse(text));
    await imported(stored as JWK);
    return stored;
  } catch {
    throw new Error(`${file} should hold an RSA key as JWK and does not: remove it to begin anew`);
  }
};

const createKey = async (file: string): Promise<Stored> => {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  const jwk = Stored.parse(await exportJWK(privateKey));
  replaceFile(file, JSON.stringify(jwk));
  return jwk;
};

const imported = async (jwk: JWK): Promise<CryptoKey> => {
  const key = await importJWK(jwk, 'RS256');
  if (key instanceof Uint8Array) throw new Error('expected an RSA key');
  return key;
};

/** The RSA key that signs all tokens. Made once and kept in a file that only its owner can read. */
export const openSigningKeys = async (file: string): Promise<SigningKeys> => {
  const jwk = (await readKey(file)) ?? (await createKey(file));
  const { n, e } = jwk;
  const bare: JWK = { kty: 'RSA', n, e };
  const kid = await calculateJwkThumbprint(bare);
  const publicJwk: JWK = { ...bare, alg: 'RS256', use: 'sig', kid };
  return {
    kid,
    privateKey: await imported(jwk as JWK),
    publicKey: await imported(publicJwk),
    publicJwk,
    secretOf: (clientId) => createHmac('sha256', jwk.d).update(clientId).digest('hex').slice(0, 51),
  };
};
