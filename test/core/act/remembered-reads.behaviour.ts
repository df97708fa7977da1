import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoReadings } from '../../../lambdas/adapters/dynamodb/readings.ts';
import type { ActDeps } from '../../../lambdas/core/act/act.ts';
import { type ReadDeps, type ReadRequest, read } from '../../../lambdas/core/act/read.ts';
import { why } from '../../../lambdas/core/audit/why.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { Retryable } from '../../../lambdas/core/errors.ts';
import { Reading } from '../../../lambdas/core/records.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { defineWriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aRelease } from '../../support/builders.ts';
import { freshParts, keptParts } from '../../support/catalogue.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { faulty } from '../../support/faulty.ts';
import { aMemory } from '../../support/memory.ts';
import { givenRun } from '../../support/run.ts';

const PARTS = keptParts();
const later = (seconds: number) => new Date(AT.getTime() + seconds * 1_000);

describe.skipIf(!hasDynoxide)("a read tool's answer that is kept", () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  let shelves = 0;
  const aShelf = (): string => {
    shelves += 1;
    return `shelf-${shelves}`;
  };

  interface Given {
    readonly shelf: string;
    readonly contract?: ReadDeps<undefined>['reads'][0]['contract'];
    readonly tenant?: string;
    readonly version?: string;
    readonly account?: string;
    readonly at?: Date;
    readonly call?: ReadRequest['call'];
    readonly action?: number;
    readonly round?: number;
    readonly onCall?: (count: number) => Promise<void>;
  }

  /** A run that reads the parts of a shelf; each answer of the system has another count. */
  let answers = 0;
  const given = async (about: Given) => {
    const {
      shelf,
      contract = PARTS,
      tenant = 'acme',
      version = 'v1',
      account = 'us',
      at = AT,
      call = 'before',
    } = about;
    const release = aRelease({
      proposal: {
        ...aRelease().proposal,
        text: [
          { from: 'user', field: 'summary' },
          { from: 'record', tool: PARTS.name, field: 'parts' },
        ],
      },
    });
    const run = await givenRun(dynoxide, { run: { tenant }, release, tools: { ...contracts, [PARTS.name]: PARTS } });
    const { connection, sent } = faulty(dynoxide.connection);
    const { memory, faults } = aMemory(dynoxide, { connection, now: () => at });
    let calls = 0;
    const deps: ReadDeps<undefined> = {
      readings: dynamoReadings(connection, dynoxide.state),
      scope: PARTS.scope,
      reads: [
        {
          contract,
          call: async () => {
            calls += 1;
            await about.onCall?.(calls);
            answers += 1;
            return { parts: 'bolt', count: answers };
          },
        },
      ],
      open: async () => undefined,
      now: () => at,
      remembers: { memory, version, accountOf: async () => account },
    };
    const which = { call, action: about.action, round: about.round };
    const request = { tool: contract.name, ...which, input: { shelf }, workflow: 'ticket-triage' };
    const kept = async () => {
      const key = keys.reading(run.ref, { scope: PARTS.scope, tool: contract.name, ...which });
      return Reading.parse((await run.state.get(key))?.content);
    };
    const toCache = () => sent.filter(({ input }) => JSON.stringify(input).includes('CACHE#'));
    return {
      ...run,
      chain: run.kept,
      read: () => read(deps, run.ref, request),
      kept,
      calls: () => calls,
      faults,
      toCache,
    };
  };

  it('is given to another run at once, kept under that run with when it was really read, and marked in the audit', async () => {
    const shelf = aShelf();
    const first = await given({ shelf });
    await first.read();
    const second = await given({ shelf, at: later(3_599) });
    const answer = await second.read();

    expect([answer.kind, first.calls(), second.calls(), second.faults]).toEqual(['read', 1, 0, []]);
    expect(JSON.stringify(first.toCache()[0]?.input)).toContain('CACHE#reading#catalogue:read#acme#'); // as the grants have it
    const [original, again] = [await first.kept(), await second.kept()];
    expect(original).not.toHaveProperty('readAt');
    expect(again).toEqual({ ...original, readAt: AT.toISOString(), at: later(3_599).toISOString() });
    expect(answer.sha256).toBe(digestOf(original.output));
    await propose.run(second.deps, { ...second.ref, action: 1 });
    await decide.run(second.deps, { ...second.ref, action: 1 });
    const { records, run } = await second.chain();
    const source = { ref: answer.ref, sha256: answer.sha256, read_at: AT.toISOString() };
    expect(records.at(-1)?.sources).toContainEqual(source);
    const { statements } = why({ run: run.run, records, head: run.head });
    expect(statements.find(({ about }) => about === 'read')?.text).toContain(
      `was read, as it had answered the same at ${AT.toISOString()}`
    );
  });

  it('is read again once its time is over', async () => {
    const shelf = aShelf();
    await (await given({ shelf })).read();
    const second = await given({ shelf, at: later(3_600) });
    await second.read();
    expect(second.calls()).toBe(1);
    expect(await second.kept()).not.toHaveProperty('readAt');
  });

  it.each([
    ['tenant', { tenant: 'acme-2' }],
    ['account of the tenant', { account: 'us-2' }],
    ['version of the code', { version: 'v2' }],
    ['input', { shelf: 'another' }],
    ['tool', { contract: { ...PARTS, name: 'catalogue.more-parts' } }],
  ])('is not given for another %s', async (_, other) => {
    const shelf = aShelf();
    await (await given({ shelf })).read();
    const second = await given({ shelf, ...other });
    await second.read();
    expect(second.calls()).toBe(1);
  });

  it.each([
    ['after an action', { call: 'after' }],
    ['after an undo', { call: 'undone' }],
    ['before an operator’s undo', { call: 'now' }],
    ['before a second action', { call: 'before', action: 2 }],
    ['for another round of deciding', { call: 'before', round: 2 }],
    ['by a contract that does not say for how long', { contract: freshParts }],
  ] as const)('is neither given nor kept %s', async (_, about) => {
    const shelf = aShelf();
    await (await given({ shelf })).read();
    const second = await given({ shelf, ...about });
    await second.read();
    expect([second.calls(), second.toCache()]).toEqual([1, []]);
    const { action, round } = await second.kept();
    expect([action, round]).toEqual([
      'action' in about ? about.action : undefined,
      'round' in about ? about.round : undefined,
    ]);
  });

  it('is read once by many runs at once', async () => {
    const shelf = aShelf();
    const runs = await Promise.all(Array.from({ length: 6 }, () => given({ shelf })));
    const read = await Promise.all(runs.map((run) => run.read()));
    expect(runs.reduce((sum, { calls }) => sum + calls(), 0)).toBe(1);
    expect(new Set(read.map(({ sha256 }) => sha256)).size).toBe(1);
  });

  it('is looked for after a stop of everything is', async () => {
    const shelf = aShelf();
    await (await given({ shelf, tenant: 'halted' })).read();
    const second = await given({ shelf, tenant: 'halted' });
    await second.control({ subject: 'tenant:halted', stopped: true, stops: 'everything' });
    expect(await second.read()).toMatchObject({ kind: 'stopped' });
    expect(second.toCache()).toEqual([]);
  });

  it('is none where the tool fails, and the next one asks at once', async () => {
    const shelf = aShelf();
    const first = await given({ shelf, onCall: () => Promise.reject(new Retryable('busy')) });
    await expect(first.read()).rejects.toThrow(Retryable);
    const second = await given({ shelf });
    await second.read();
    expect([second.calls(), second.faults]).toEqual([1, []]);
  });

  it('is no part of what writes: their contracts cannot say for how long, and their functions know no cache', () => {
    // @ts-expect-error: no such member
    const cached = defineWriteTool({ ...jiraAssign, cacheSeconds: 60 });
    expect(cached.name).toBe(jiraAssign.name);
    const member: Extract<keyof ActDeps<undefined>, 'remembers' | 'memory' | 'cache'> extends never ? 'none' : 'some' =
      'none';
    expect(member).toBe('none');
  });
});
