import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiAt } from '../../cli/client.ts';
import { DEMO_TENANT, demoUsers, poolUser } from '../../cli/demo/users.ts';
import { Unreachable } from '../../cli/http.ts';
import { userOf } from '../../cli/session.ts';
import { signIn } from '../../cli/sign-in.ts';
import { startJiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import { synth } from '../../lib/synth.ts';
import { clientOf } from './client.ts';
import { evidenceAt, runningAt } from './evidence.ts';
import { type Accepted, seenBy, violations } from './governance.ts';
import { randomFrom } from './random.ts';
import { QUEUE, tasksOf } from './tasks.ts';
import { lastingPort, type Phase, startVictim, type Victim } from './victim.ts';

export interface TortureOptions {
  readonly kills: number;
  readonly tasks: number;
  readonly seed: number;
  /** Takes everything: the app, the stack's data, its errors. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

export interface Report {
  /** What was promised and does not hold. */
  readonly violations: readonly string[];
  readonly kills: Readonly<Record<Phase, number>>;
  readonly runs: number;
  readonly writes: number;
  /** Requests of the client that had to be sent again. */
  readonly repeated: number;
  /** Runs whose effect had to be looked up, since nobody had heard how it ended. */
  readonly reconciled: number;
  /** Failures of tasks, which were tried again or led on. */
  readonly failures: number;
  readonly seconds: number;
}

/** A stack lives for up to so many times what it takes until its functions are loaded: half of the kills meet it before. */
const LIFE = 2;
const SUBMITTERS = 6;
/** How long nothing may end before the drill gives up. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 500;
const STEP_MS = 20;

/**
 * Kills a stack that works on tasks again and again, at moments that the seed gives, and lets it finish. Jira lives on meanwhile, and
 * so does a client that repeats what was not answered. What then does not hold is in the report.
 */
export const torture = async ({ kills, tasks: count, seed, folder, say }: TortureOptions): Promise<Report> => {
  const startedMs = performance.now();
  const random = randomFrom(seed);
  const tasks = tasksOf(count, seed);
  await using disposal = new AsyncDisposableStack();
  const over = new AbortController();
  disposal.defer(() => over.abort());

  const { directory } = await synth({
    outdir: join(folder, 'cdk.out'),
    context: { 'writ:mode': 'autopilot', 'writ:operatorTenant': DEMO_TENANT },
  });
  const access = { user: 'drill', token: 'drill' };
  const jira = disposal.adopt(await startJiraSandbox({ ...access, components: [QUEUE] }), (it) => it.close());
  const users = demoUsers();
  const secret = JSON.stringify({ baseUrl: jira.url, ...access });
  const data = join(folder, 'data');
  await mkdir(data, { mode: 0o700 });
  const options = {
    assembly: directory,
    data,
    ports: { api: await lastingPort(random), endpoint: await lastingPort(random) },
    secrets: { [`writ/${DEMO_TENANT}/jira/read`]: secret, [`writ/${DEMO_TENANT}/jira/write`]: secret },
    users: users.map(poolUser),
  };
  const url = `http://127.0.0.1:${options.ports.api}`;
  const aws = `http://127.0.0.1:${options.ports.endpoint}`;

  const begin = (): Victim => {
    const victim = startVictim(options, (line) => say(`  the stack says: ${line}`));
    disposal.adopt(victim, async (it) => void (await it.kill()));
    return victim;
  };
  let victim = begin();
  const startMs = performance.now();
  await victim.reached('running');
  const lifeMs = (performance.now() - startMs) * LIFE;
  const client = victim.outputs().UserPoolClientId ?? '';

  let killed = 0;
  const asUser = (username: string) => {
    let token: Promise<string> | undefined;
    const connection = { api: url, aws, client, pid: 0, users };
    return apiAt({
      url,
      advice: '',
      attempts: 1,
      token: () => {
        token ??= signIn(connection, username).catch((cause: unknown) => {
          token = undefined;
          throw new Unreachable('nobody can sign in at the moment', { cause });
        });
        return token;
      },
      signal: over.signal,
    });
  };
  const nextKill = async (): Promise<void> => {
    const before = killed;
    while (killed === before && killed < kills) await sleep(STEP_MS, undefined, { signal: over.signal });
  };
  const submitter = clientOf(asUser(userOf('submitter')), nextKill, over.signal);
  const operator = clientOf(asUser(userOf('operator')), nextKill, over.signal);

  const accepted: Accepted[] = [];
  const replies: Promise<void>[] = [];
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  let next = 0;
  /** Tasks come as the kills do, so that there is work at every one of them. */
  const isDue = (): boolean => next < count * ((killed + 1) / (kills + 1));
  const submitAll = async (): Promise<void> => {
    for (;;) {
      while (next < count && !isDue()) await sleep(STEP_MS, undefined, { signal: over.signal });
      const task = tasks[next];
      if (task === undefined) return;
      next += 1;
      if (task.issue !== undefined) jira.addIssue(task.issue);
      const one = await submitter.submit(task);
      accepted.push(one);
      if (!task.forgotten) continue;
      const reply = submitter.reply(one);
      reply.catch(broken.reject);
      replies.push(reply);
    }
  };
  const controlAll = async (): Promise<void> => {
    for (let stopped = true; killed < kills; stopped = !stopped) {
      await operator.control(stopped);
      await nextKill();
    }
    await operator.control(false);
  };
  const working = Promise.all([...Array.from({ length: SUBMITTERS }, submitAll), controlAll()]);
  working.catch(broken.reject);

  const phases: Record<Phase, number> = { starting: 0, resuming: 0, running: 0 };
  const leftovers: string[] = [];
  for (; killed < kills; victim = begin()) {
    await Promise.race([sleep(random() * lifeMs), broken.promise]);
    const phase = victim.phase();
    const left = await victim.kill();
    killed += 1;
    phases[phase] += 1;
    leftovers.push(...left.map((what) => `kill ${killed} (${phase}) left ${what}`));
    say(`kill ${killed} of ${kills}: ${phase}; ${accepted.length} of ${count} tasks accepted`);
    if (left.length > 0) break;
  }
  if (leftovers.length > 0) {
    over.abort();
    await working.catch(() => {});
    throw new Error(leftovers.join('\n'));
  }
  await victim.reached('running');
  await Promise.race([working, broken.promise]);
  await Promise.race([Promise.all(replies), broken.promise]);

  let [left, changedMs] = [Number.POSITIVE_INFINITY, performance.now()];
  while (performance.now() - changedMs < PATIENCE_MS) {
    const now = (await submitter.open(accepted)) + (await runningAt(aws));
    if (now < left) [left, changedMs] = [now, performance.now()];
    if (now === 0) break;
    await sleep(LOOK_MS);
  }
  const evidence = await evidenceAt(aws);
  const status = await victim.stop();
  const found = violations(evidence, seenBy(jira), accepted, 1);
  const events = evidence.executions.flatMap(({ history }) => history);
  return {
    violations: [...found, ...(status === 0 ? [] : [`the stack was told to end, and did with status ${status}`])],
    kills: phases,
    runs: accepted.length,
    writes: jira.writes().length,
    repeated: submitter.repeated() + operator.repeated(),
    reconciled: events.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === 'Reconcile').length,
    failures: events.filter(({ type }) => type === 'TaskFailed' || type === 'TaskTimedOut').length,
    seconds: (performance.now() - startedMs) / 1_000,
  };
};
