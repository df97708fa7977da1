import { describe, expect, it } from 'vitest';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { answerOf, approvalOf, modelOf, sourcesOf, stagesOf, useOf } from '../../../lambdas/core/steps/evidence.ts';
import { AT, aDossier, aPlan, aReading, aRun, aWrit } from '../../support/builders.ts';

const at = AT.toISOString();
const rules = { kind: 'rules', name: 'words', version: 'f'.repeat(64) } as const;

describe('what the audit has of', () => {
  it('an engine that costs nothing, and of one that does, whose answer had been kept', () => {
    const none = { input_tokens: 0, output_tokens: 0, cached_tokens: 0, cost_microusd: 0 };
    const usage = { inputTokens: 4, outputTokens: 3, cachedTokens: 2, costMicroUsd: 1 };
    const spent = { input_tokens: 4, output_tokens: 3, cached_tokens: 2, cost_microusd: 1 };
    const free = modelOf({ engine: rules });
    expect(free).toStrictEqual({ name: free.name, ...none });
    expect(modelOf({ engine: rules, usage, cachedAt: at })).toStrictEqual({ name: free.name, ...spent, cached_at: at });
  });

  it('an answer: how sure the engine was, and by which rule where there is one', () => {
    const sure = { confidence: 1, abstained: false };
    expect(answerOf(sure)).toStrictEqual(sure);
    expect(answerOf({ ...sure, rule: 'SAYS_VPN' })).toStrictEqual({ ...sure, rule: 'SAYS_VPN' });
  });

  it('the engines of a cascade: what each said, or that it was spared', () => {
    const asked = { engine: 'a', confidence: 0.5, costMicroUsd: 7, latencyMs: 3 };
    expect(stagesOf({})).toStrictEqual({});
    expect(
      stagesOf({
        stages: [
          { ...asked, state: 'abstained', reason: 'unsure' },
          { ...asked, state: 'answered', cachedAt: at },
          { engine: 'b', state: 'not-asked', mostMicroUsd: 900 },
        ],
      } as Parameters<typeof stagesOf>[0])
    ).toStrictEqual({
      stages: [
        { engine: 'a', state: 'abstained', confidence: 0.5, reason: 'unsure', cost_microusd: 7, latency_ms: 3 },
        { engine: 'a', state: 'answered', confidence: 0.5, cached_at: at, cost_microusd: 7, latency_ms: 3 },
        { engine: 'b', state: 'not-asked', at_most_microusd: 900 },
      ],
    });
  });

  it('people: who said what, and of a comment its digest alone', () => {
    const digest = 'a'.repeat(64);
    const said = { by: 'a-1', roles: ['approver' as const], decision: 'approve' as const, at };
    const decisions = [said, { ...said, by: 'a-2', comment: digest }];
    const head = {
      action: 1,
      round: 1,
      digest,
      requester: 'u-1',
      expiresAt: at,
      approved: { approver: 2, operator: 0 },
    };
    const as = { user: 'a-1', roles: ['approver'], decision: 'approve', at };
    expect(approvalOf({ ...head, approvers: ['a-1', 'a-2'], vetoed: false, decisions })).toStrictEqual({
      digest,
      expires_at: at,
      decisions: [as, { ...as, user: 'a-2', comment_sha256: digest }],
    });
  });

  it('a writ and its claim, as far as there are any', () => {
    const writ = aWrit();
    const claim = { digest: writ.digest, status: 'done' as const, attempt: 2, startedAt: at, leaseUntil: at };
    expect(useOf({})).toStrictEqual({});
    expect(useOf({ writ, claim })).toStrictEqual({
      writ: { action: 1, digest: writ.digest },
      claim: { status: 'done', attempt: 2 },
    });
  });

  it('a dossier: where each piece of it lies, and its digest', () => {
    const { run } = aRun({ run: 'abcdefghijklmnopqrstuvwxyz' });
    const writ = aWrit({ run: run.run });
    const claim = { digest: writ.digest, status: 'done' as const, attempt: 1, startedAt: at, leaseUntil: at };
    const plan = aPlan();
    const input = { fields: {}, replies: [] };
    const readings = [
      aReading(),
      aReading({ round: 2, readAt: at }),
      aReading({ call: 'after', action: 3 }),
      aReading({ call: 'now', action: 1 }),
    ];
    const sha256 = aReading().sha256;
    const of = `acme#${run.run}`;
    expect(sourcesOf(aDossier({ run, input, plan, readings, writ, claim }))).toStrictEqual([
      { ref: `INPUT#${of}`, sha256: digestOf(input) },
      { ref: `PLAN#${of}/1`, sha256: digestOf(plan) },
      { ref: `READ#jira:read#${of}/jira.get#before`, sha256 },
      { ref: `READ#jira:read#${of}/jira.get#before#1.2`, sha256, read_at: at },
      { ref: `READ#jira:read#${of}/jira.get#after#3`, sha256 },
      { ref: `READ#jira:read#${of}/jira.get#now`, sha256 },
      { ref: `WRIT#jira:write#${of}/1`, sha256: writ.digest },
      { ref: `CLAIM#jira:write#${of}/1`, sha256: digestOf(claim) },
    ]);
    const { plan: _, input: __, ...bare } = aDossier({ run });
    expect(sourcesOf(bare)).toEqual([]);
    expect(sourcesOf({ ...bare, claim })).toEqual([]); // of a claim without its writ nobody knows the scope
  });
});
