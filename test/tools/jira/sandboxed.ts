import { jiraClient } from '../../../lambdas/tools/jira/client.ts';
import { startJiraSandbox } from '../../../lambdas/tools/jira/sandbox/sandbox.ts';
import type { TransportOptions } from '../../../lambdas/tools/jira/transport.ts';

export const WRITER = { user: 'bot@ops.example', token: 'writer-token-7QzX' } as const;
export const READER = { user: 'eye@ops.example', token: 'reader-token-4KpL' } as const;
export const REPORTED = 'The printer on floor three eats paper, says Mallory Quux';

/** A sandbox with two issues; what the reporter of OPS-1 wrote must never be in a message. */
export const openSandbox = () =>
  startJiraSandbox({
    ...WRITER,
    reader: READER,
    components: ['Network', 'Access', 'Hardware'],
    issues: [
      {
        key: 'OPS-1',
        summary: REPORTED,
        description: `${REPORTED}\n\nPlease hurry.`,
        components: ['Network', 'Access'],
      },
      { key: 'OPS-2', summary: 'VPN drops', status: 'In Progress' },
    ],
  });

export type Sandbox = Awaited<ReturnType<typeof openSandbox>>;

/** A client of the sandbox whose waits take no time, and are written down. */
export const clientOf = (sandbox: Pick<Sandbox, 'url'>, options: Partial<TransportOptions> = {}) => {
  const waits: number[] = [];
  const timing = { now: () => 1_000_000, wait: async (ms: number) => void waits.push(ms), random: () => 0 };
  const client = jiraClient({ baseUrl: sandbox.url, ...WRITER }, { timeoutMs: 10_000, timing, ...options });
  return { client, waits };
};

export const FAULTS = ['Retryable', 'Terminal', 'Uncertain'];

/** The fault that a call ends in; anything else, success too, is an error. */
export const faultOf = async (call: Promise<unknown>): Promise<Error> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && FAULTS.includes(error.name)) return error;
    throw error;
  }
  throw new Error('expected a fault, and the call succeeded');
};
