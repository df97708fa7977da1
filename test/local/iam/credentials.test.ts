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
    expect(credentials.callerOf(signedBy(brief.accessKeyId))).toEqual({ kind: 'role', ...session });
    now = 1_000;
    expect(credentials.callerOf(signedBy(brief.accessKeyId))).toBe('expired');
    expect(credentials.callerOf(signedBy(lasting.accessKeyId))).toMatchObject({ kind: 'role' });
    credentials.revoke(lasting.accessKeyId);
    expect(credentials.callerOf(signedBy(lasting.accessKeyId))).toBe('unknown');
  });

  it.each([undefined, '', 'Bearer x', 'Credential=', signedBy('AKIAFOREIGN'), signedBy('')])(
    'know nobody by %j',
    (header) => {
      expect(createCredentials().callerOf(header)).toBe('unknown');
    }
  );

  it('know the developer by the key test', () => {
    expect(createCredentials().callerOf(signedBy('test'))).toEqual({ kind: 'administrator' });
  });
});
