/** Names an execution and one of its tasks; only the running task knows the whole of it. */
export const tokenOf = (executionArn: string, nonce: string): string =>
  Buffer.from(JSON.stringify([executionArn, nonce])).toString('base64url');

/** The execution that a token names; undefined if it is no token. */
export const executionOf = (token: string): string | undefined => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(token, 'base64url').toString());
    const [arn, nonce] = Array.isArray(parts) ? parts : [];
    return typeof arn === 'string' && typeof nonce === 'string' ? arn : undefined;
  } catch {
    return undefined;
  }
};
