import { setTimeout as sleep } from 'node:timers/promises';
import { seededChance } from '../../local/states/chance.ts';
import { clientOf } from './client.ts';
import { evidenceAt, runningAt } from './evidence.ts';
import { type Accepted, type Found, seenBy, violations } from './governance.ts';
import { openSetting } from './setting.ts';
import { tasksOf } from './tasks.ts';
import { type Phase, startVictim, type Victim } from './victim.ts';

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
  /** What that was judged by. */
  readonly found: Found;
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
/** Every so many kills one stack is left alone until it has loaded them, to see how long that takes by now. */
const CALM_EVERY = 8;
const SUBMITTERS = 6;
/** How long nothing may end before the drill gives up. */
const PATIENCE_MS = 180_000;
const LOOK_MS = 500;
const STEP_MS = 20;

/**
 * Kills a stack that works on tasks again and again, at moments that the seed gives, and lets it finish. Jira lives on meanwhile, and
 * so does a client that repeats what was not answered. What then does not hold is in the report. Throws an `Error` where a kill left
 * something behind, or the stack did not start again.
 */
export const torture = async ({ kills, tasks: count, seed, folder, say }: TortureOptions): Promise<Report> => {
  const startedMs = performance.now();
  const random = seededChance(seed).random;
  const tasks = tasksOf(count, seed);
  await using disposal = new AsyncDisposableStack();
  const setting = disposal.adopt(await openSetting(folder, random), (it) => it.close());
  const { jira, aws } = setting;
  const over = new AbortController();
  disposal.defer(() => over.abort());
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});

  const begin = (): Victim => startVictim(setting.options, (line) => say(`  the stack says: ${line}`));
  let victim = begin();
  disposal.defer(async () => void (await victim.kill()));
  let lifeMs = 0;
  const calm = async (): Promise<void> => {
    const fromMs = performance.now();
    await Promise.race([victim.reached('running'), broken.promise]);
    lifeMs = (performance.now() - fromMs) * LIFE;
  };
  await calm();

  let killed = 0;
  const nextKill = async (): Promise<void> => {
    const before = killed;
    while (killed === before && killed < kills) await sleep(STEP_MS, undefined, { signal: over.signal });
  };
  const pool = victim.outputs().UserPoolClientId ?? '';
  const submitter = clientOf(setting.as('submitter', pool, over.signal), nextKill, over.signal);
  const operator = clientOf(setting.as('operator', pool, over.signal), nextKill, over.signal);

  const accepted: Accepted[] = [];
  const replies: Promise<void>[] = [];
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
  while (killed < kills) {
    await Promise.race([sleep(random() * lifeMs), broken.promise]);
    const phase = victim.phase();
    const left = await victim.kill();
    killed += 1;
    phases[phase] += 1;
    say(`kill ${killed} of ${kills}: ${phase}; ${accepted.length} of ${count} tasks accepted`);
    if (left.length > 0) throw new Error(left.map((what) => `kill ${killed} (${phase}) left ${what}`).join('\n'));
    victim = begin();
    if (killed % CALM_EVERY === 0 || killed === kills) await calm();
  }
  await Promise.race([working, broken.promise]);
  await Promise.race([Promise.all(replies), broken.promise]);

  let [left, changedMs] = [Number.POSITIVE_INFINITY, performance.now()];
  while (performance.now() - changedMs < PATIENCE_MS) {
    const now = (await submitter.open(accepted)) + (await runningAt(aws));
    if (now < left) [left, changedMs] = [now, performance.now()];
    if (now === 0) break;
    await sleep(LOOK_MS);
  }
  const found = { evidence: await evidenceAt(aws), seen: seenBy(jira), accepted, controls: 1 };
  const status = await victim.stop();
  const events = found.evidence.executions.flatMap(({ history }) => history);
  return {
    found,
    violations: [...violations(found), ...(status === 0 ? [] : [`told to end, the stack ended with status ${status}`])],
    kills: phases,
    runs: accepted.length,
    writes: jira.writes().length,
    repeated: submitter.repeated() + operator.repeated(),
    reconciled: events.filter(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === 'Reconcile').length,
    failures: events.filter(({ type }) => type === 'TaskFailed' || type === 'TaskTimedOut').length,
    seconds: (performance.now() - startedMs) / 1_000,
  };
};
