import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Counters } from '../../local/stack.ts';
import { openCleanup } from '../cleanup.ts';
import { apiAt } from '../client.ts';
import { boot, WORKFLOW } from '../demo/boot.ts';
import { addSpareIssue, SPARE_SUMMARY } from '../demo/issues.ts';
import { Failure } from '../failure.ts';
import { userOf } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean } from '../terminal/sanitise.ts';
import type { Measured } from './bill.ts';

/** Enough for every process to be loaded and compiled. */
const WARM_UP = 24;
const total = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((sum, count) => sum + count, 0);

/** Functions of scopes are named after them: they alone reach a customer's system. */
const isScope = (name: string): boolean => /(?:Read|Write)Function/.test(name);

const between = (before: Counters, after: Counters, runs: number): Measured => {
  const calls = Object.entries(after.invocations).map(
    ([name, count]) => [name, count - (before.invocations[name] ?? 0)] as const
  );
  const invocations = total(Object.fromEntries(calls));
  const units = (of: 'read' | 'write'): number => (after.capacity?.[of] ?? 0) - (before.capacity?.[of] ?? 0);
  return {
    runs,
    use: {
      transitions: after.transitions - before.transitions,
      invocations,
      gigabyteSeconds: after.gigabyteSeconds - before.gigabyteSeconds,
      writeUnits: units('write'),
      readUnits: units('read'),
      requests: runs, // a submission each; nobody looks at the runs
    },
    shape: {
      tasks: invocations - runs, // but for the API's function
      toolCalls: calls.reduce((sum, [name, count]) => sum + (isScope(name) ? count : 0), 0),
    },
  };
};

/**
 * Takes so many tickets through the whole of Writ on this machine, each to a verified write, and counts what they use. Everything
 * lies in a folder of its own, which is removed.
 */
export const measure = async (shell: Shell, runs: number): Promise<Measured> => {
  const cleanup = openCleanup();
  const ended = new Map<string, PromiseWithResolvers<string>>();
  const endOf = (run: string): PromiseWithResolvers<string> => {
    const known = ended.get(run) ?? Promise.withResolvers<string>();
    ended.set(run, known);
    return known;
  };
  const failure = new AbortController();
  const stop = AbortSignal.any([shell.stop, failure.signal]);
  const { err } = shell;
  try {
    const data = await mkdtemp(join(tmpdir(), 'writ-cost-'));
    cleanup.add('the data folder', () => rm(data, { recursive: true, force: true }));
    const { stack, jira, users } = await boot(shell, await shell.parts(), {
      data,
      mode: 'autopilot',
      ports: { api: 0, endpoint: 0 },
      issues: [],
      metered: true,
      onExecution: ({ name, status }) => {
        if (status !== 'RUNNING') endOf(name).resolve(status);
      },
      say: () => undefined,
      doing: (what) => err.draw(`  ${err.paint('quiet', `· ${what} …`)}`),
      onFailure: (reason) => failure.abort(new Failure(clean(reason.message))),
      onStarted: (close) => cleanup.add('a part of the stack', close),
    });
    const submitter = users.find(({ username }) => username === userOf('submitter'));
    const token = await stack.signIn(submitter?.username ?? '', submitter?.password ?? '');
    const api = apiAt({
      url: stack.apiUrl,
      token: async () => token,
      advice: 'The local stack does not answer any more.',
      signal: stop,
    });
    const batch = randomBytes(6).toString('hex');
    const interrupted = new Promise<never>((_, reject) => {
      stop.addEventListener('abort', () => reject(stop.reason as Error), { once: true });
    });
    interrupted.catch(() => undefined); // it may come when nobody waits
    const takeOne = async () => {
      const issueKey = addSpareIssue(jira);
      const { run } = await api.submit(
        { workflow: WORKFLOW, input: { summary: SPARE_SUMMARY, issueKey } },
        `${batch}-${issueKey}`
      );
      const status = await Promise.race([endOf(run).promise, interrupted]);
      if (status !== 'SUCCEEDED' || jira.issue(issueKey)?.components.length !== 1)
        throw new Failure(`Run ${run} ended as ${status} without its write: what it used is no governed run's.`);
    };
    // one after the other: on few cores runs that wait for each other would be billed for it
    const take = async (count: number) => {
      for (let taken = 0; taken < count; taken += 1) await takeOne();
    };

    err.draw(`  ${err.paint('quiet', `· ${WARM_UP} runs to warm up …`)}`);
    await take(WARM_UP);
    err.draw(`  ${err.paint('quiet', `· counting ${runs} runs …`)}`);
    const before = stack.counters();
    await take(runs);
    const after = stack.counters();
    err.draw('');
    if (after.capacity === undefined || after.capacity.write === (before.capacity?.write ?? 0))
      throw new Failure('The database says nothing of the capacity that calls use up: use the one that Writ brings.');
    return between(before, after, runs);
  } finally {
    for (const line of await cleanup.run()) err.line(clean(line));
  }
};
