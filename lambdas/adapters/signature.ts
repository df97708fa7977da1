import { createHmac, hash } from 'node:crypto';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

export interface SignedFor {
  readonly region: string;
  readonly service: string;
  readonly credentials: AwsCredentials;
}

/** What is signed: a POST to `/` without a query, as the JSON protocols have it. Header names in lower case. */
export interface JsonRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();
const sha256 = (text: string): string => hash('sha256', text);

/** A signing key is good for a day, and takes four hashes to make. */
const keyOf = ({ region, service, credentials }: SignedFor, day: string): Buffer =>
  hmac(hmac(hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), region), service), 'aws4_request');

let kept: { readonly secret: string; readonly scope: string; readonly key: Buffer } | undefined;

/** The `authorization` header, signature version 4: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
export const authorizationOf = ({ headers, body }: JsonRequest, whom: SignedFor, amzDate: string): string => {
  const day = amzDate.slice(0, 8);
  const scope = `${day}/${whom.region}/${whom.service}/aws4_request`;
  const secret = whom.credentials.secretAccessKey;
  if (kept?.secret !== secret || kept.scope !== scope) kept = { secret, scope, key: keyOf(whom, day) };

  const names = Object.keys(headers).sort();
  const lines = names.map((name) => `${name}:${headers[name]?.trim()}\n`).join('');
  const signedHeaders = names.join(';');
  const request = `POST\n/\n\n${lines}\n${signedHeaders}\n${sha256(body)}`;
  const signature = createHmac('sha256', kept.key)
    .update(`${ALGORITHM}\n${amzDate}\n${scope}\n${sha256(request)}`)
    .digest('hex');
  const credential = `${whom.credentials.accessKeyId}/${scope}`;
  return `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
};

/** A time as signatures have it: `20300102T030405Z`. */
export const amzDateOf = (at: Date): string => at.toISOString().replace(/[:-]|\.\d{3}/g, '');
