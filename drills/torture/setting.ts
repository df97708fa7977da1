import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Api, apiAt } from '../../cli/client.ts';
import { DEMO_TENANT, demoUsers, poolUser } from '../../cli/demo/users.ts';
import { Unreachable } from '../../cli/http.ts';
import { type DemoRole, userOf } from '../../cli/session.ts';
import { signIn } from '../../cli/sign-in.ts';
import { type JiraSandbox, startJiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import { synth } from '../../lib/synth.ts';
import type { Options } from './stack-process.ts';
import { QUEUE } from './tasks.ts';
import { lastingPort } from './victim.ts';

/** What outlives every stack: the app, Jira, where the stack answers, and who may call it. */
export interface Setting {
  readonly options: Options;
  readonly jira: JiraSandbox;
  readonly aws: string;
  /** The API as a user of this role, who signs in when needed. Each request is sent once. */
  as(role: DemoRole, poolClient: string, signal: AbortSignal): Api;
  close(): Promise<void>;
}

export const openSetting = async (folder: string, random: () => number): Promise<Setting> => {
  const { directory } = await synth({
    outdir: join(folder, 'cdk.out'),
    context: { 'writ:mode': 'autopilot', 'writ:operatorTenant': DEMO_TENANT },
  });
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  const access = { user: 'drill', token: 'drill' };
  const jira = await startJiraSandbox({ ...access, components: [QUEUE] });
  const users = demoUsers();
  const secret = JSON.stringify({ baseUrl: jira.url, ...access });
  const ports = { api: await lastingPort(random), endpoint: await lastingPort(random) };
  const url = `http://127.0.0.1:${ports.api}`;
  const aws = `http://127.0.0.1:${ports.endpoint}`;
  return {
    options: {
      assembly: directory,
      data,
      ports,
      secrets: { [`writ/${DEMO_TENANT}/jira/read`]: secret, [`writ/${DEMO_TENANT}/jira/write`]: secret },
      users: users.map(poolUser),
    },
    jira,
    aws,
    as: (role, client, signal) => {
      let token: Promise<string> | undefined;
      const renew = (): Promise<string> =>
        signIn({ api: url, aws, client, pid: process.pid, users }, userOf(role)).catch((cause: unknown) => {
          token = undefined;
          throw new Unreachable('nobody can sign in at the moment', { cause });
        });
      return apiAt({
        url,
        advice: '',
        attempts: 1,
        token: () => {
          token ??= renew();
          return token;
        },
        signal,
      });
    },
    close: () => jira.close(),
  };
};
