import { onTestFinished } from 'vitest';
import { main } from '../../../cli/main.ts';
import { type FakeAnswer, type FakeApi, type FakeApiGiven, startFakeApi } from './fake-api.ts';
import { aShell } from './shell.ts';

export const RUN = 'a'.repeat(26);

/** An API that answers everything so. */
export const answering = (status: number, body: unknown): FakeApiGiven => ({
  instead: (): FakeAnswer => ({ status, body }),
});

/** A fake API that is closed when the test has ended. */
export const openFakeApi = async (given: FakeApiGiven = {}): Promise<FakeApi> => {
  const api = await startFakeApi(given);
  onTestFinished(() => api.close());
  return api;
};

/** Runs a command against the fake API as if it were a deployed one. */
export const writ = async (args: readonly string[], given: FakeApiGiven = {}, prepare?: (fake: FakeApi) => void) => {
  const api = await openFakeApi(given);
  prepare?.(api);
  const { shell, written } = aShell({ env: { WRIT_API: api.url, WRIT_TOKEN: 'secret-token' } });
  const code = await main(args, shell);
  return { code, ...written, requests: api.requests };
};
