import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';
import { Claim, Executing, Reading, type Stops, Writ } from '../lambdas/core/records.ts';
import { prefix } from '../lambdas/core/tables.ts';
import { boot, DESCRIPTION, type Machine, PASSWORD, SUMMARY } from './machine.ts';

/** What one stop did to the runs that were under way. Times in milliseconds, from the call. */
export interface Stopped {
  /** Of writes: of the scope. Of everything: of the workflow. */
  readonly stops: Stops;
  /** Runs that were begun after the stop had answered, too: the load goes on. */
  readonly runs: number;
  readonly effects: number;
  /** From the call to its answer. */
  readonly answeredMs: number;
  /** To the last claim that was begun, and to the last effect in Jira; 0 where there was none after the call. */
  readonly lastClaimMs: number;
  readonly lastEffectMs: number;
  /** Claims that the answer lists, and those executing right after it that it does not list. */
  readonly listed: number;
  readonly unlisted: number;
  readonly claimsAfter: number;
  readonly writsAfter: number;
  /** To the last answer of a reading before an action, and how many came after the answer: also those that had begun before. */
  readonly lastReadMs: number;
  readonly readsAfter: number;
  /** Tasks that were refused, and those accepted after the answer. */
  readonly refused: number;
  readonly acceptedAfter: number;
}

const AT_ONCE = 32;
/** Effects before the stop is called: every process is busy then. */
const EFFECTS_BEFORE = 48;
/** Calls of each round that Jira never answers, so that something is executing when the stop answers. */
const HUNG = 2;
const SCOPE = 'jira:write';
const READS = 'jira:read';
const WORKFLOW = 'ticket-triage';

const Item = z.object({ pk: z.string(), sk: z.string(), content: z.unknown() });
const Answer = z.object({ executing: z.array(Executing) });

/** Writs and claims of the scope, and what was read before actions, by key, as they are in the table now. */
const usesOf = async (client: DynamoDBClient) => {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const [writs, claims, reads] = [new Map<string, Writ>(), new Map<string, Claim>(), new Map<string, Reading>()];
  for (const TableName of TableNames)
    for await (const { Items = [] } of paginateScan({ client }, { TableName, ConsistentRead: true }))
      for (const item of Items) {
        const [{ S: pk = '' } = {}] = [item.pk];
        if (![prefix.writ(SCOPE), prefix.claim(SCOPE), prefix.read(READS)].some((start) => pk.startsWith(start)))
          continue;
        const { sk, content } = Item.parse(unmarshall(item));
        if (pk.startsWith(prefix.read(READS))) {
          const reading = Reading.parse(content);
          if (reading.call === 'before' && reading.stopped === undefined) reads.set(`${pk}/${sk}`, reading);
        } else if (pk.startsWith(prefix.writ(SCOPE))) writs.set(`${pk}/${sk}`, Writ.parse(content));
        else claims.set(`${pk}/${sk}`, Claim.parse(content));
      }
  return { writs, claims, reads };
};

/** What a task is refused with while everything is stopped. */
const STOPPED_STATUS = 503;

/** Undefined where that is stopped. */
const send = async (url: string, method: string, token: string, body: object): Promise<unknown> => {
  const response = await fetch(url, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  if (response.status === STOPPED_STATUS) return undefined;
  if (!response.ok) throw new Error(`${method} ${url} answered ${response.status}: ${await response.text()}`);
  return response.json();
};

/** How many of `after` are new, or say themselves that they began after the stop had answered. */
const begunAfter = <Value>(
  before: ReadonlyMap<string, Value>,
  after: ReadonlyMap<string, Value>,
  { at, answered }: { readonly at: (value: Value) => string; readonly answered: number }
): number => [...after].filter(([key, value]) => !before.has(key) || Date.parse(at(value)) > answered).length;

interface Callers {
  readonly submitter: string;
  readonly operator: string;
  readonly client: DynamoDBClient;
}

const measureRound = async (
  { stack, jira, ended }: Machine,
  { submitter, operator, client }: Callers,
  { round, stops }: { readonly round: number; readonly stops: Stops }
): Promise<Stopped> => {
  const subject = stops === 'writes' ? `scope/${SCOPE}` : `workflow/${WORKFLOW}`;
  const control = (stopped: boolean) =>
    send(`${stack.apiUrl}/v1/controls/${subject}`, 'PUT', operator, {
      stopped,
      reason: 'a measurement',
      ...(stopped && { stops }),
    });
  const effectsBefore = jira.writes().length;
  for (let hung = 0; hung < HUNG; hung += 1) jira.failNext({ method: 'PUT', kind: 'slow' });
  const [halfway, over] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let [runs, refused, acceptedAfter, isAnswered] = [0, 0, 0, false];
  const worker = async (): Promise<void> => {
    for (let isLast = false; !isLast; ) {
      isLast = isAnswered;
      runs += 1;
      const issueKey = `STOP-${round * 100_000 + runs}`;
      jira.addIssue({ key: issueKey, summary: SUMMARY, description: DESCRIPTION });
      const input = { summary: SUMMARY, description: DESCRIPTION, issueKey };
      const answer = await send(`${stack.apiUrl}/v1/tasks`, 'POST', submitter, { workflow: WORKFLOW, input });
      if (answer === undefined) {
        refused += 1;
        await over.promise; // once more when the stop has answered
        continue;
      }
      if (isLast) acceptedAfter += 1;
      await ended(z.object({ run: z.string() }).parse(answer).run);
      if (jira.writes().length - effectsBefore >= EFFECTS_BEFORE) halfway.resolve();
    }
  };
  const stop = async () => {
    await halfway.promise;
    const called = Date.now();
    const { executing } = Answer.parse(await control(true));
    const answered = Date.now();
    const uses = await usesOf(client);
    isAnswered = true;
    over.resolve();
    return { called, answered, executing, uses };
  };
  const load = Promise.all(Array.from({ length: AT_ONCE }, worker));
  load.catch(halfway.reject);
  const [{ called, answered, executing, uses }] = await Promise.all([stop(), load]);
  const after = await usesOf(client);
  await control(false);

  const listed = new Set(
    executing.map((claim) => `${prefix.claim(claim.scope)}${claim.tenant}#${claim.run}/${claim.action}`)
  );
  const sinceCall = (times: readonly number[]) => Math.max(0, ...times.map((time) => time - called));
  const effects = jira.writes().slice(effectsBefore);
  return {
    stops,
    runs: runs - refused,
    effects: effects.length,
    answeredMs: answered - called,
    lastClaimMs: sinceCall([...after.claims.values()].map(({ startedAt }) => Date.parse(startedAt))),
    lastEffectMs: sinceCall(effects.map(({ at }) => at)),
    listed: listed.size,
    unlisted: [...uses.claims].filter(([key, { status }]) => status === 'executing' && !listed.has(key)).length,
    claimsAfter: begunAfter(uses.claims, after.claims, { at: ({ startedAt }) => startedAt, answered }),
    writsAfter: begunAfter(uses.writs, after.writs, { at: ({ issuedAt }) => issuedAt, answered }),
    lastReadMs: sinceCall([...after.reads.values()].map(({ at }) => Date.parse(at))),
    readsAfter: begunAfter(uses.reads, after.reads, { at: ({ at }) => at, answered }),
    refused,
    acceptedAfter,
  };
};

/** Stops the scope's writes in the middle of 32 runs at once, and lets them go again, so many times; then everything, twice. */
export const measureStops = async (rounds: number): Promise<readonly Stopped[]> => {
  await using disposal = new AsyncDisposableStack();
  const folder = disposal.adopt(await mkdtemp(join(tmpdir(), 'writ-bench-')), (path) =>
    rm(path, { recursive: true, force: true })
  );
  const machine = await boot(folder, disposal);
  const { stack } = machine;
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const client = disposal.adopt(
    new DynamoDBClient({ endpoint: stack.endpointUrl, region: 'us-east-1', credentials }),
    (it) => it.destroy()
  );
  const submitter = await stack.signIn('bench', PASSWORD);
  const operator = await stack.signIn('operator', PASSWORD);
  const stopped: Stopped[] = [];
  const kinds: readonly Stops[] = [...Array<Stops>(rounds).fill('writes'), 'everything', 'everything'];
  for (const [at, stops] of kinds.entries())
    stopped.push(await measureRound(machine, { submitter, operator, client }, { round: at + 1, stops }));
  return stopped;
};

/** Line by line. */
export const stopLines = (stopped: readonly Stopped[]): readonly string[] => [
  `A stop of ${SCOPE} for writes, or of ${WORKFLOW} for everything, in the middle of ${AT_ONCE} runs at once; ms from its call`,
  '',
  '  stops        runs   effects   answered   last claim   last effect   listed   unlisted   claims after   writs after   last read   reads after   refused   accepted after',
  ...stopped.map((it) =>
    [
      `  ${it.stops}`.padEnd(12),
      String(it.runs).padStart(6),
      String(it.effects).padStart(9),
      String(it.answeredMs).padStart(10),
      String(it.lastClaimMs).padStart(12),
      String(it.lastEffectMs).padStart(13),
      String(it.listed).padStart(8),
      String(it.unlisted).padStart(10),
      String(it.claimsAfter).padStart(14),
      String(it.writsAfter).padStart(13),
      String(it.lastReadMs).padStart(11),
      String(it.readsAfter).padStart(13),
      String(it.refused).padStart(9),
      String(it.acceptedAfter).padStart(16),
    ].join(' ')
  ),
];
