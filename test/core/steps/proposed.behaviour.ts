import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { cascade } from '../../../lambdas/core/engine/cascade.ts';
import type { Answer } from '../../../lambdas/core/engine/engine.ts';
import type { Plan } from '../../../lambdas/core/records.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import type { Place } from '../../../lambdas/core/workflow.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { AT, aReading, aRelease, aRunId } from '../../support/builders.ts';
import { freshParts } from '../../support/catalogue.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { type Given, givenRun } from '../../support/run.ts';
import { scripted } from '../../support/scripted.ts';

/*
 * What Propose keeps as a proposal, and what the audit has of who made it: the whole of it.
 */

const at = AT.toISOString();
const usage = { inputTokens: 4, outputTokens: 3, cachedTokens: 2, costMicroUsd: 120 };
const FREE = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost_microusd: 0 };
const SPENT = { input_tokens: 4, output_tokens: 3, cached_tokens: 2, cost_microusd: 120 };

describe.skipIf(!hasDynoxide)('a proposal', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run that has its proposal, as it is kept. */
  const proposed = async (about: Given) => {
    const run = await givenRun(dynoxide, about);
    const deps = { ...run.deps, purse: { ...run.deps.purse, newId: () => 'one' } };
    const output = await propose.run(deps, { ...run.ref, action: 1 });
    const plan = (await run.deps.ledger.look(run.ref, { plan: 1 }))?.plan;
    expect(output).toMatchObject({ confidence: plan?.confidence, abstained: plan?.abstained });
    return { ...run, plan };
  };
  /** What the audit has of the engines of a proposal. */
  const heard = async ({ deps, ref, kept }: Awaited<ReturnType<typeof proposed>>) => {
    await decide.run(deps, { ...ref, action: 1 });
    const { model, answer, stages } = (await kept()).records.at(-1) ?? {};
    return { model, answer, stages };
  };

  const classifier = { kind: 'classifier', name: 'scripted', version: '1' } as const;
  const model = { ...classifier, kind: 'model' } as const;
  const whole = {
    action: 1,
    tool: 'jira.assign',
    arguments: { issueKey: 'OPS-1', component: 'Network' },
    provenance: { issueKey: 'user', component: 'composed' },
    confidence: 0.9,
    abstained: false,
    engine: classifier,
  } as const;
  const named = { name: 'classifier:scripted@1', ...FREE };
  const none = { arguments: { issueKey: 'OPS-1' }, provenance: { issueKey: 'user' } } as const;
  const sure = { confidence: 0.9, abstained: false };

  it.each<[string, Parameters<typeof scripted>, Plan, Awaited<ReturnType<typeof heard>>]>([
    [
      'of an engine that costs nothing',
      [{ label: 'Network' }],
      whole,
      { model: named, answer: sure, stages: undefined },
    ],
    [
      'of a rule',
      [{ label: 'Network', confidence: 1, rule: 'SAYS_VPN' }],
      { ...whole, confidence: 1, rule: 'SAYS_VPN' },
      { model: named, answer: { ...sure, confidence: 1, rule: 'SAYS_VPN' }, stages: undefined },
    ],
    [
      'of a model: what it used, and under which name that is held',
      [{ label: 'Network', usage }, { most: 500 }],
      { ...whole, engine: model, usage, hold: 'propose.one' },
      { model: { name: 'model:scripted@1', ...SPENT }, answer: sure, stages: undefined },
    ],
    [
      'of a model that gave the answer before',
      [
        { label: 'Network', cachedAt: at },
        { most: 500, isKept: true },
      ],
      { ...whole, engine: model, cachedAt: at },
      { model: { name: 'model:scripted@1', ...FREE, cached_at: at }, answer: sure, stages: undefined },
    ],
    [
      'of an engine that has a guess and would not have it done',
      [{ label: 'Network', abstained: true, confidence: 0.4, reason: 'unsure' }],
      { ...whole, abstained: true, confidence: 0.4, reason: 'unsure' },
      { model: named, answer: { confidence: 0.4, abstained: true }, stages: undefined },
    ],
    [
      'of an engine that has no guess: without the argument that it was to give',
      [{ abstained: true, confidence: 0 }],
      { ...whole, ...none, abstained: true, confidence: 0 },
      { model: named, answer: { confidence: 0, abstained: true }, stages: undefined },
    ],
  ])('is kept and recorded %s', async (_, script, plan, recorded) => {
    const made = await proposed({ proposer: scripted(...script).engine });
    expect(made.plan).toEqual(plan);
    expect(await heard(made)).toEqual(recorded);
  });

  it('is without the arguments that were not sent', async () => {
    const { engine } = scripted({ label: 'Network' });
    const { plan } = await proposed({ proposer: engine, fields: { summary: 'the vpn drops' } });
    expect(plan).toEqual({ ...whole, arguments: { component: 'Network' }, provenance: { component: 'composed' } });
  });

  it('is kept and recorded with every engine that was there to be asked, in order', async () => {
    const stage = (says: Partial<Answer>, script: Parameters<typeof scripted>[1]) => scripted(says, script).engine;
    const proposer = cascade([
      stage({ label: 'Hardware', abstained: true, confidence: 0.5, reason: 'unsure' }, { name: 'trained' }),
      stage(
        { label: 'Network', abstained: true, confidence: 0.6, cachedAt: at },
        { name: 'small', most: 500, isKept: true }
      ),
      stage({ label: 'Network', usage }, { name: 'medium', most: 700 }),
      stage({}, { name: 'large', most: 900 }),
    ]);
    const made = await proposed({ proposer });
    const stages = [
      { engine: 'classifier:trained@1', state: 'abstained', confidence: 0.5, reason: 'unsure' },
      { engine: 'model:small@1', state: 'abstained', confidence: 0.6 },
      { engine: 'model:medium@1', state: 'answered', confidence: 0.9 },
      { engine: 'model:large@1', state: 'not-asked' },
    ] as const;
    const free = { costMicroUsd: 0, latencyMs: 0 };
    expect(made.plan).toEqual({
      ...whole,
      engine: { ...model, name: 'medium' },
      usage,
      hold: 'propose.one',
      stages: [
        { ...stages[0], ...free },
        { ...stages[1], ...free, cachedAt: at },
        { ...stages[2], ...free, costMicroUsd: 120 },
        { ...stages[3], mostMicroUsd: 900 },
      ],
    });
    expect(await heard(made)).toEqual({
      model: { name: 'model:medium@1', ...SPENT },
      answer: sure,
      stages: [
        { ...stages[0], cost_microusd: 0, latency_ms: 0 },
        { ...stages[1], cost_microusd: 0, latency_ms: 0, cached_at: at },
        { ...stages[2], cost_microusd: 120, latency_ms: 0 },
        { ...stages[3], at_most_microusd: 900 },
      ],
    });
  });

  const ofText = (...text: Place[]): Given => ({
    release: aRelease({ proposal: { ...aRelease().proposal, text } }),
    tools: { ...contracts, [freshParts.name]: freshParts },
  });
  const issue = (field: string): Place => ({ from: 'record', tool: 'jira.get', field });
  const shelf: Place = { from: 'record', tool: freshParts.name, field: 'parts' };
  const parts = (about: object) =>
    aReading({ tool: freshParts.name, scope: freshParts.scope, output: { parts: 'bolt' }, ...about });

  it('is made of the words that were sent and read, each once, without what is blank or is not there', async () => {
    const { engine, asked } = scripted({ label: 'Network' });
    const sent: readonly Place[] = ['summary', 'blank', 'gone'].map((field) => ({ from: 'user', field }));
    const about = ofText(...sent, issue('summary'), issue('description'), issue('status'), shelf);
    const fields = { summary: '  the vpn drops ', blank: ' \n', issueKey: 'OPS-1' };
    const run = await givenRun(dynoxide, { ...about, fields, proposer: engine });
    await run.read('before', { summary: 'the vpn drops', description: 'since Monday\n', status: 'To Do' });
    await propose.run(run.deps, { ...run.ref, action: 1 });
    const text = 'the vpn drops\nsince Monday\nTo Do';
    expect(asked).toEqual([{ text, labels: ['Network', 'Hardware'], tenant: 'acme' }]);
  });

  const nothing = { ...whole, arguments: {}, provenance: {}, confidence: 0, abstained: true } as const;

  it('is of nothing where any of what it is made of was not read, and names the stop', async () => {
    const { engine, asked } = scripted({ label: 'Network' });
    const run = await givenRun(dynoxide, { ...ofText(issue('summary'), shelf), proposer: engine });
    await run.read('before', { summary: 'the vpn drops' });
    const unread = parts({ output: {}, stopped: 'STOPPED_SCOPE' });
    await run.state.put({ ...keys.reading(run.ref, unread), content: unread });
    await propose.run(run.deps, { ...run.ref, action: 1 });

    expect(asked).toEqual([]);
    const { plan } = (await run.deps.ledger.look(run.ref, { plan: 1 })) ?? {};
    expect(plan).toEqual({ ...nothing, stopped: 'STOPPED_SCOPE' });
  });

  it('is of nothing where no budget has room for what it may cost, and names each that has none', async () => {
    const { engine, asked } = scripted({ label: 'Network' }, { most: 500 });
    const budgets = { runMicrousd: 400, workflowDayMicrousd: 1_000_000, tenantDayMicrousd: 300 };
    const release = aRelease({ limits: { ...aRelease().limits, budgets } });
    const run = { tenant: 'proposed-poor', run: aRunId() };
    const { plan } = await proposed({ proposer: engine, release, run });

    expect(asked).toEqual([]);
    const limit = { unit: 'microusd', used: 0, asked: 500 };
    expect(plan).toEqual({
      ...nothing,
      engine: model,
      overBudget: [
        { ...limit, rule: 'BUDGET_RUN', atMost: 400 },
        { ...limit, rule: 'BUDGET_TENANT_DAY', atMost: 300, resetsAt: '2030-01-03T00:00:00.000Z' },
      ],
    });
  });
});
