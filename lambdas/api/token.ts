import { withRights } from '../core/tasks/token.ts';

/** Cognito's trigger before it issues a token. What it throws denies the token. */
export const handler = async (event: unknown): Promise<object> => withRights(event);
