import { join } from 'node:path';
import { type JiraSandbox, startJiraSandbox } from '../lambdas/tools/jira/sandbox/sandbox.ts';
import { synth } from '../lib/synth.ts';
import { type LocalStack, startLocalStack } from '../local/stack.ts';

export const SUMMARY = 'VPN drops every ten minutes';
export const DESCRIPTION = 'Since Monday, from home only. The client says that the connection timed out.';
/** Of the users `bench`, who submits, and `operator`, who may stop everything. */
export const PASSWORD = 'Bench-1234567';

const user = (username: string, tenant: string, group: string) => ({
  username,
  password: PASSWORD,
  groups: [group],
  attributes: { 'custom:tenant': tenant },
});

/** The app on the local stack, and the Jira that it works on. */
export interface Machine {
  readonly stack: LocalStack;
  readonly jira: JiraSandbox;
  /** Resolves when the execution of this name has ended. */
  readonly ended: (name: string) => Promise<string>;
}

/** Boots the synthesised app, everything on disk, in a folder of its own. */
export const boot = async (folder: string, disposal: AsyncDisposableStack): Promise<Machine> => {
  const { directory } = await synth({ outdir: join(folder, 'cdk.out'), context: { 'writ:mode': 'autopilot' } });
  const access = { user: 'bench', token: 'bench' };
  const jira = disposal.adopt(await startJiraSandbox({ ...access, components: ['Network'] }), (it) => it.close());
  const secret = JSON.stringify({ baseUrl: jira.url, ...access });
  const waiting = new Map<string, PromiseWithResolvers<string>>();
  const of = (name: string): PromiseWithResolvers<string> => {
    const known = waiting.get(name) ?? Promise.withResolvers<string>();
    waiting.set(name, known);
    return known;
  };
  const stack = disposal.adopt(
    await startLocalStack({
      assembly: directory,
      data: folder,
      ports: { endpoint: 0, api: 0 },
      secrets: { 'writ/bench/jira/read': secret, 'writ/bench/jira/write': secret },
      users: [user('bench', 'bench', 'submitter'), user('operator', 'platform', 'operator')],
      log: (line) => process.stderr.write(`${line}\n`),
      onExecution: ({ name, status }) => {
        if (status !== 'RUNNING') of(name).resolve(status);
      },
    }),
    (it) => it.close()
  );
  await stack.warm();
  return { stack, jira, ended: (name) => of(name).promise.finally(() => waiting.delete(name)) };
};
