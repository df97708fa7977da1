import type { LocalStack } from '../../local/stack.ts';

/** The developer's own key, in the header in which every AWS protocol names it. */
export const SIGNED = 'AWS4-HMAC-SHA256 Credential=test/20300101/us-east-1/any/aws4_request';

export const clientOptions = (
  stack: Pick<LocalStack, 'endpointUrl'>,
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string | undefined } = {
    accessKeyId: 'test',
    secretAccessKey: 'test',
  }
) => ({
  endpoint: stack.endpointUrl,
  region: 'us-east-1',
  credentials: { ...credentials, sessionToken: credentials.sessionToken ?? '' },
  maxAttempts: 1,
});

/** Posts to the endpoint, as developer unless the headers say otherwise. */
export const post = async (stack: LocalStack, headers: Readonly<Record<string, string>>, body: string) => {
  const response = await fetch(stack.endpointUrl, {
    method: 'POST',
    headers: { authorization: SIGNED, ...headers },
    body,
  });
  return { status: response.status, text: await response.text() };
};

/** Invokes the function `worker` through Lambda's API. */
export const invoke = async (
  stack: Pick<LocalStack, 'endpointUrl'>,
  event: object,
  headers: Readonly<Record<string, string>> = {}
) => {
  const response = await fetch(`${stack.endpointUrl}/2015-03-31/functions/worker/invocations`, {
    method: 'POST',
    headers: { authorization: SIGNED, ...headers },
    body: JSON.stringify(event),
  });
  const text = await response.text();
  return { status: response.status, error: response.headers.get('x-amz-function-error'), body: JSON.parse(text) };
};
