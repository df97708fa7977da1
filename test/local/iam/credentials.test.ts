import { describe, expect, it } from 'vitest';
import { createCredentials } from '../../../local/iam/credentials.ts';

const signedBy = (key: string): string =>
  `AWS4-HMAC-SHA256 Credential=${key}/20300101/us-east-1/sts/aws4_request, Signature=0`;

describe('credentials', () => {
  it('lead back to the session they were given for, until they expire or are revoked', () => {
    let now = 0;
    const credentials = createCredentials(() => now);
    const session = { roleArn: 'role', session: 'me', tags: { unit: 'north' } };
    const [brief, lasting] = [credentials.issue(session, 1_000), credentials.issue(session)];
    now = 999;
    const callerBy = ({ accessKeyId, sessionToken }: typeof brief) =>
      credentials.callerOf(signedBy(accessKeyId), sessionToken);
    expect(callerBy(brief)).toEqual({ kind: 'role', ...session, issuedAt: 0 });
    now = 1_000;
    expect(callerBy(brief)).toBe('expired');
    expect(callerBy(lasting)).toMatchObject({ kind: 'role' });
    credentials.revoke(lasting.accessKeyId);
    expect(callerBy(lasting)).toBe('unknown');
  });

  it('need the token of their session', () => {
    const credentials = createCredentials();
    const session = { roleArn: 'role', session: 'me', tags: {} };
    const [one, other] = [credentials.issue(session), credentials.issue(session)];
    for (const token of [undefined, '', other.sessionToken, [one.sessionToken]])
      expect(credentials.callerOf(signedBy(one.accessKeyId), token)).toBe('wrong-token');
  });

  it.each([
    undefined,
    '',
    'Bearer x',
    'Credential=',
    'AWS4-HMAC-SHA256 xCredential=test/',
    '0123456789test/',
    `${signedBy('test')}, ${signedBy('test')}`,
    signedBy('AKIAFOREIGN'),
    signedBy(''),
  ])('know nobody by %j', (header) => {
    expect(createCredentials().callerOf(header, undefined)).toBe('unknown');
  });

  it('know the developer by the key test', () => {
    expect(createCredentials().callerOf(signedBy('test'), undefined)).toEqual({ kind: 'administrator' });
  });
});
