import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openCleanup } from '../cleanup.ts';
import { apiAt } from '../client.ts';
import { dropConnection, makeDataFolder, saveConnection, writeOwnerOnly } from '../connection.ts';
import { Failure, usage } from '../failure.ts';
import { lockFolder } from '../lock.ts';
import { modelFrom } from '../models/environment.ts';
import { userOf } from '../session.ts';
import type { Shell } from '../shell.ts';
import { showProgress } from '../terminal/progress.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { examplesJsonl, readExamples } from '../tickets/examples.ts';
import { readTickets, type Tickets } from '../tickets/tickets.ts';
import { type Filed, runBatch } from './batch.ts';
import { type Booted, boot, WORKFLOW } from './boot.ts';
import { documentOf } from './document.ts';
import { addSpareIssue, fileTickets, keepIssues, keptIssues } from './issues.ts';
import { showMalformed, showStanding } from './narration.ts';
import { followSources } from './reload.ts';
import { showReport } from './report.ts';
import { countsOf, countsText, type Result } from './results.ts';
import { totalsOf } from './totals.ts';

export interface StartOptions {
  readonly tickets?: string;
  readonly examples?: string;
  readonly once: boolean;
  readonly json: boolean;
  readonly mode: string;
  readonly data: string;
  readonly ports: { readonly api?: number; readonly endpoint?: number };
}

const DEMO_TICKETS = fileURLToPath(new URL('tickets.jsonl', import.meta.url));
const IN_FLIGHT = 24;
const LOOK_MS = { shortest: 150, longest: 2_000 };
const PATIENCE_MS = 120_000;
/** Tokens live for an hour. */
const TOKEN_KEPT_MS = 20 * 60_000;
const KEEP_EVERY_MS = 1_000;

const renewed = (now: () => number, make: () => Promise<string>) => {
  let made: { readonly token: Promise<string>; readonly at: number } | undefined;
  return () => {
    if (made === undefined || now() - made.at > TOKEN_KEPT_MS) made = { token: make(), at: now() };
    return made.token;
  };
};

/** Keeps the sandbox's issues on disk while they change: at most once in a while, one write at a time. */
const keeper = (data: string, { jira }: Booted, now: () => number) => {
  let last: Promise<void> = Promise.resolve();
  let keptAtMs = Number.NEGATIVE_INFINITY;
  const keep = () => {
    keptAtMs = now();
    last = last.then(() => keepIssues(data, jira.issues()));
    return last;
  };
  return { keep, keepSometimes: async () => (now() - keptAtMs < KEEP_EVERY_MS ? undefined : keep()) };
};

const readFiles = async (options: StartOptions, narrator: Terminal) => {
  const file = options.tickets ?? DEMO_TICKETS;
  const read = await readTickets(file);
  showMalformed(narrator, file, read.malformed);
  if (read.tickets.length === 0) throw usage(`${clean(file)} has no row that is a ticket.`);
  if (options.examples === undefined) return { read };
  const { examples, malformed } = await readExamples(options.examples);
  showMalformed(narrator, options.examples, malformed);
  return { read, examples };
};

const triage = async (shell: Shell, booted: Booted, data: string, filed: readonly Filed[], narrator: Terminal) => {
  const { stack } = booted;
  const { keep, keepSometimes } = keeper(data, booted, shell.now);
  await keep();
  const progress = showProgress(narrator, 'triaging', filed.length);
  const settled: Result[] = [];
  const api = apiAt({
    url: stack.apiUrl,
    token: renewed(shell.now, () => {
      const user = userOf('submitter');
      return stack.signIn(user, booted.users.find(({ username }) => username === user)?.password ?? '');
    }),
    advice: 'The local stack does not answer any more.',
    signal: shell.stop,
  });
  try {
    return await runBatch({
      api,
      workflow: WORKFLOW,
      filed,
      batch: randomBytes(6).toString('hex'),
      inFlight: IN_FLIGHT,
      lookMs: LOOK_MS,
      patienceMs: PATIENCE_MS,
      now: shell.now,
      wait: async (ms) => {
        await keepSometimes();
        await shell.wait(ms);
      },
      onSettled: (result) => {
        settled.push(result);
        progress.update(settled.length, countsText(countsOf(settled)));
      },
    });
  } finally {
    progress.done();
    await keep();
  }
};

const run = async (
  shell: Shell,
  options: StartOptions,
  { read, examples }: { readonly read: Tickets; readonly examples?: string },
  narrator: Terminal,
  onFailure: (reason: Error) => void,
  onStarted: (name: string, close: () => void | Promise<void>) => void
): Promise<number> => {
  const { data } = options;
  const { now, stop } = shell;
  const model = modelFrom(shell.env, new Date());
  await makeDataFolder(data);
  onStarted('the lock', lockFolder(data));
  if (examples !== undefined) await writeOwnerOnly(join(data, 'examples.jsonl'), examples);
  const former = await keptIssues(data);
  stop.throwIfAborted();
  const parts = await shell.parts();
  const booted = await boot(shell, parts, {
    data: resolve(data),
    mode: options.mode,
    ...(examples !== undefined && { examples: resolve(data, 'examples.jsonl') }),
    ...(model && { model }),
    ports: options.ports,
    issues: former,
    doing: (what) => narrator.draw(`  ${narrator.paint('quiet', `· ${what} …`)}`),
    say: (line) => narrator.line(`  ${narrator.paint('quiet', '·')} ${line}`),
    onFailure,
    onStarted: (close) => onStarted('a part of the stack', close),
  });
  const { stack, jira, users } = booted;
  const client = stack.outputs.UserPoolClientId;
  if (client === undefined)
    throw new Failure('The synthesised app has no output UserPoolClientId: nobody can sign in.');
  await saveConnection(data, { api: stack.apiUrl, aws: stack.endpointUrl, client, pid: process.pid, users });
  onStarted('the connection file', () => dropConnection(data));

  const filed = fileTickets(jira, read.tickets);
  const batchStartedMs = now();
  const results = await triage(shell, booted, data, filed, narrator);
  const totals = totalsOf({
    results,
    malformed: read.malformed.length,
    writes: jira.writes().map(({ issueKey, changes }) => ({ issueKey, fields: changes.map(({ field }) => field) })),
    earlierIssues: new Set(former.map(({ key }) => key)),
    batchStartedMs,
    endedMs: now(),
  });
  if (options.json) shell.out.line(safeJson(documentOf(results, totals)));
  else {
    shell.out.line();
    showReport(shell.out, results, totals);
  }
  if (options.once || options.json) return totals.outcomes.failed === 0 ? 0 : 1;

  showStanding(shell.out, booted, {
    data,
    lastRun: results.findLast(({ outcome }) => outcome === 'assigned')?.run,
    pendingRun: results.findLast(({ outcome }) => outcome === 'awaiting-approval')?.run,
    spareIssue: addSpareIssue(jira),
  });
  onStarted(
    'the watch on the sources',
    await followSources(parts, { stack, data: resolve(data), terminal: shell.out })
  );
  if (!stop.aborted) await once(stop, 'abort');
  shell.out.line();
  return 0;
};

/**
 * Boots everything on this machine, triages a batch of tickets through the HTTP API, shows what became of each, and stays
 * up until told to end. Whatever it started is ended before it returns or throws.
 */
export const start = async (shell: Shell, options: StartOptions): Promise<number> => {
  const narrator = options.json ? shell.err : shell.out;
  const { read, examples } = await readFiles(options, narrator);
  const cleanup = openCleanup();
  const failure = new AbortController();
  const stop = AbortSignal.any([shell.stop, failure.signal]);
  const wait: Shell['wait'] = async (ms) => {
    failure.signal.throwIfAborted();
    await shell.wait(ms);
  };
  const saying = () => narrator.line(`  ${narrator.paint('quiet', '·')} ending what was started`);
  stop.addEventListener('abort', saying, { once: true });
  try {
    const files = { read, ...(examples !== undefined && { examples: examplesJsonl(examples) }) };
    const onFailure = (reason: Error) => failure.abort(new Failure(clean(reason.message)));
    const code = await run({ ...shell, stop, wait }, options, files, narrator, onFailure, cleanup.add);
    failure.signal.throwIfAborted();
    return code;
  } catch (error) {
    throw failure.signal.aborted ? failure.signal.reason : error; // the rest failed for that reason
  } finally {
    stop.removeEventListener('abort', saying);
    for (const line of await cleanup.run()) shell.err.line(clean(line));
  }
};
