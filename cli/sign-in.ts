import * as z from 'zod';
import type { Connection } from './connection.ts';
import { Failure, usage } from './failure.ts';
import { Unreachable } from './http.ts';
import { clean } from './terminal/sanitise.ts';

const TIMEOUT_MS = 10_000;

const Answer = z.object({ AuthenticationResult: z.object({ AccessToken: z.string() }) });

/** Signs a demo user in at the local user pool, as any Cognito client would. */
export const signIn = async ({ aws, client, users }: Connection, username: string): Promise<string> => {
  const user = users.find((known) => known.username === username);
  if (user === undefined)
    throw usage(`There is no user ${clean(username)}; there are ${users.map((known) => known.username).join(', ')}.`);
  const response = await fetch(aws, {
    method: 'POST',
    signal: AbortSignal.timeout(TIMEOUT_MS),
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'AWSCognitoIdentityProviderService.InitiateAuth',
    },
    body: JSON.stringify({
      AuthFlow: 'USER_PASSWORD_AUTH',
      ClientId: client,
      AuthParameters: { USERNAME: username, PASSWORD: user.password },
    }),
  }).catch((error: unknown) => {
    throw new Unreachable(`The local stack at ${aws} cannot be reached. Start it with "npm start".`, { cause: error });
  });
  const answer = Answer.safeParse(await response.json().catch(() => undefined));
  if (!answer.success)
    throw new Failure(
      `${clean(username)} could not sign in: the user pool of the local stack answered ${response.status}. ` +
        'Is it the stack of this data folder? Start it anew with "npm start", which makes its users again.'
    );
  return answer.data.AuthenticationResult.AccessToken;
};
