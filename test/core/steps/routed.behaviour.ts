import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AuditEvent } from '../../../lambdas/core/audit/record.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { cascade } from '../../../lambdas/core/engine/cascade.ts';
import type { Answer } from '../../../lambdas/core/engine/engine.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { AT, aRelease, aRunId } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { eventOf, type Given, givenRun } from '../../support/run.ts';
import { scripted } from '../../support/scripted.ts';

/*
 * What Route answers, and what it leaves in the run and in its audit: the whole of it.
 */

const FREE = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost_microusd: 0 };
const NOTES = { name: 'notes', needed: 'never', maxLength: 100, expected: 'anything', isId: true } as const;

describe.skipIf(!hasDynoxide)('Route', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run that was routed: as it stands, the answer as its state machine gets it, and the event. */
  const routed = async (about: Given) => {
    const run = await givenRun(dynoxide, about);
    const output = await route.run(run.deps, { ...run.ref, round: 0 });
    expect(route.output.parse(output)).toStrictEqual(output);
    const { run: kept, records } = await run.kept();
    expect(kept.steps['route#0']).toEqual(output);
    return { run: kept, output, event: eventOf(records.at(-1)) };
  };

  const asks = (about: Partial<ReturnType<typeof aRelease>['eligibility']>): Given => ({
    release: aRelease({ eligibility: { ...aRelease().eligibility, ...about } }),
  });
  const withNotes = (): Given => ({ release: aRelease({ input: { fields: [NOTES, ...aRelease().input.fields] } }) });
  const fields = { summary: 'the vpn drops', issueKey: 'OPS-1' };
  const eligible = { kind: 'eligible', ids: { issueKey: 'OPS-1' } };
  const missing = { kind: 'missing', field: 'issueKey', rule: 'ISSUE_KEY_MISSING' };

  it.each<[string, Partial<Answer>, () => Given, { readonly kind: string; readonly rule: string }]>([
    ['what an engine calls so', { label: 'eligible' }, () => ({}), { ...eligible, rule: 'CLASSIFIED_ELIGIBLE' }],
    ['what a rule says', { label: 'eligible', rule: 'A_RULE' }, () => ({}), { ...eligible, rule: 'A_RULE' }],
    [
      'what nothing was said against, whatever was guessed',
      { label: 'not-eligible', abstained: true, confidence: 0.4 },
      () => ({}),
      { ...eligible, rule: 'NOTHING_AGAINST_IT' },
    ],
    [
      'what is sure, where a person is to see what is not',
      { label: 'eligible' },
      () => asks({ whenUnsure: 'unsure' }),
      { ...eligible, rule: 'CLASSIFIED_ELIGIBLE' },
    ],
    [
      'nothing but ids, and those alone that were sent',
      { label: 'eligible' },
      withNotes,
      { ...eligible, rule: 'CLASSIFIED_ELIGIBLE' },
    ],
    [
      'what is off topic, by the rule that says so',
      { label: 'not-eligible', rule: 'OFF_TOPIC', confidence: 1 },
      () => ({}),
      { kind: 'not-eligible', rule: 'OFF_TOPIC' },
    ],
    [
      'what an engine calls off topic, whatever is missing',
      { label: 'not-eligible' },
      () => ({ fields: { summary: 'the menu' } }),
      { kind: 'not-eligible', rule: 'CLASSIFIED_NOT_ELIGIBLE' },
    ],
    [
      'what no engine is sure of, where a person is to see that',
      { label: 'not-eligible', abstained: true, confidence: 0.4 },
      () => asks({ whenUnsure: 'unsure' }),
      { kind: 'unsure', rule: 'ELIGIBILITY_UNSURE' },
    ],
    [
      'a field that is blank as missing',
      { label: 'eligible' },
      () => ({ fields: { ...fields, issueKey: ' ' } }),
      missing,
    ],
    [
      'the field that is needed as missing, and none that may be',
      { label: 'eligible' },
      () => ({ ...withNotes(), fields: { summary: 'the vpn drops' } }),
      missing,
    ],
  ])('answers and records %s', async (_, says, about, output) => {
    const sent = about().fields ?? fields;
    const made = await routed({ ...about(), fields: sent, eligibility: scripted(says).engine });

    expect(made.output).toEqual(output);
    expect(made.run).toMatchObject({ status: 'active', rules: [output.rule] });
    const { confidence = 0.9, abstained = false, rule } = says;
    expect(made.event).toEqual({
      step: 'route#0',
      model: { name: 'classifier:scripted@1', ...FREE },
      answer: { confidence, abstained, ...(rule && { rule }) },
      policy: { decision: output.kind, rule_ids: [output.rule] },
      sources: [{ ref: `INPUT#acme#${made.run.run}`, sha256: digestOf({ fields: sent, replies: [] }) }],
    } satisfies AuditEvent);
  });

  it('looks at the fields that the workflow names, in their order, a line each, for the labels that it has', async () => {
    const { engine, asked } = scripted({ label: 'eligible' });
    await routed({ ...asks({ text: ['issueKey', 'notes', 'summary'] }), fields, eligibility: engine });
    expect(asked).toEqual([{ text: 'OPS-1\n\nthe vpn drops', labels: ['eligible', 'not-eligible'], tenant: 'acme' }]);
  });

  it('records what a model used, and each engine that was there to be asked', async () => {
    const usage = { inputTokens: 4, outputTokens: 3, cachedTokens: 2, costMicroUsd: 120 };
    const eligibility = cascade([
      scripted({ label: 'eligible', abstained: true, confidence: 0.5 }).engine,
      scripted({ label: 'eligible', usage }, { name: 'small', most: 500 }).engine,
      scripted({}, { name: 'large', most: 900 }).engine,
    ]);
    const { output, event } = await routed({ eligibility });
    expect(output).toEqual({ ...eligible, rule: 'CLASSIFIED_ELIGIBLE' });
    expect(event).toMatchObject({
      model: { name: 'model:small@1', input_tokens: 4, output_tokens: 3, cached_tokens: 2, cost_microusd: 120 },
      stages: [
        { engine: 'classifier:scripted@1', state: 'abstained', confidence: 0.5, cost_microusd: 0, latency_ms: 0 },
        { engine: 'model:small@1', state: 'answered', confidence: 0.9, cost_microusd: 120, latency_ms: 0 },
        { engine: 'model:large@1', state: 'not-asked', at_most_microusd: 900 },
      ],
    });
  });

  it('records when an answer was given that had been kept', async () => {
    const { engine } = scripted({ label: 'eligible', cachedAt: AT.toISOString() }, { most: 500, isKept: true });
    const { event } = await routed({ eligibility: engine });
    expect(event.model).toEqual({ name: 'model:scripted@1', ...FREE, cached_at: AT.toISOString() });
  });

  it('asks no engine under a stop of everything, and records that alone', async () => {
    const { engine, asked } = scripted({ label: 'eligible' });
    const run = await givenRun(dynoxide, { eligibility: engine, run: { tenant: 'routed-stopped' } });
    await run.control({ subject: 'tenant:routed-stopped', stopped: true, stops: 'everything' });
    const output = await route.run(run.deps, { ...run.ref, round: 0 });

    expect(output).toEqual({ kind: 'stopped', rule: 'STOPPED_TENANT' });
    expect(asked).toEqual([]);
    const { run: kept, records } = await run.kept();
    expect(kept.rules).toEqual(['STOPPED_TENANT']);
    expect(eventOf(records.at(-1))).toEqual({
      step: 'route#0',
      policy: { decision: 'stopped', rule_ids: ['STOPPED_TENANT'] },
    });
  });

  it('asks no engine that no budget has room for, and records each budget that has none', async () => {
    const { engine, asked } = scripted({ label: 'eligible' }, { most: 500 });
    const budgets = { runMicrousd: 400, workflowDayMicrousd: 1_000_000, tenantDayMicrousd: 300 };
    const release = aRelease({ limits: { ...aRelease().limits, budgets } });
    const run = { tenant: 'routed-poor', run: aRunId() };
    const made = await routed({ eligibility: engine, release, run });

    const ofRun = { rule: 'BUDGET_RUN', unit: 'microusd', used: 0, asked: 500 };
    const ofTenant = { ...ofRun, rule: 'BUDGET_TENANT_DAY' };
    const resetsAt = '2030-01-03T00:00:00.000Z';
    expect(made.output).toEqual({
      kind: 'over-budget',
      rule: 'BUDGET_RUN',
      limits: [
        { ...ofRun, atMost: 400 },
        { ...ofTenant, atMost: 300, resetsAt },
      ],
    });
    expect(asked).toEqual([]);
    expect(made.run.rules).toEqual(['BUDGET_RUN', 'BUDGET_TENANT_DAY']);
    expect(made.event).toEqual({
      step: 'route#0',
      policy: { decision: 'over-budget', rule_ids: ['BUDGET_RUN', 'BUDGET_TENANT_DAY'] },
      limits: [
        { ...ofRun, state: 'refused', at_most: 400 },
        { ...ofTenant, state: 'refused', at_most: 300, resets_at: resetsAt },
      ],
    });
  });
});
