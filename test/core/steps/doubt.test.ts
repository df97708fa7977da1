import { describe, expect, it } from 'vitest';
import type { Dossier } from '../../../lambdas/core/ledger.ts';
import type { Tools } from '../../../lambdas/core/provenance.ts';
import type { Claim } from '../../../lambdas/core/records.ts';
import { doubtAs, doubtOf, usesOf } from '../../../lambdas/core/steps/doubt.ts';
import type { Tool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign, jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aDossier, aRun, aWrit } from '../../support/builders.ts';

const at = AT.toISOString();
const later = (seconds: number): string => new Date(AT.getTime() + seconds * 1_000).toISOString();
const claimed = (status: Claim['status']): Claim => ({
  digest: aWrit().digest,
  status,
  attempt: 1,
  startedAt: at,
  leaseUntil: later(15),
});
const tools: Tools = contracts;

describe('what nobody knows of a writ', () => {
  const RUN = 'r'.repeat(26);
  const writ = () => aWrit({ run: RUN });
  const about = {
    action: 1,
    tool: 'jira.assign',
    scope: 'jira:write',
    seenBy: 'jira.get',
    arguments: { issueKey: 'OPS-1', component: 'Network' },
    marker: `${RUN}-1`,
  };

  it.each(['executing', 'in-doubt'] as const)(
    'is how it ended, where its claim is %s: since when, and until when',
    (status) => {
      const doubt = { ...about, claim: status, since: at, leaseUntil: later(15) };
      for (const abandonedAt of [undefined, later(60)])
        expect(doubtOf({ writ: writ(), claim: claimed(status) }, tools, abandonedAt)).toStrictEqual(doubt);
    }
  );

  it.each([[{}], [{ claim: claimed('released') }]])(
    'is whether it begins, where it is not claimed and its execution ended under it',
    (claim) => {
      expect(doubtOf({ writ: writ(), ...claim }, tools, at)).toStrictEqual({
        ...about,
        claim: 'unclaimed',
        since: at,
        leaseUntil: later(jiraAssign.timeoutSeconds + 60),
      });
      expect(doubtOf({ writ: writ(), ...claim }, tools)).toBeUndefined();
    }
  );

  it.each(['done', 'failed'] as const)('is nothing where its claim is %s', (status) => {
    expect(doubtOf({ writ: writ(), claim: claimed(status) }, tools, at)).toBeUndefined();
  });

  it('is nothing where there is no writ', () => {
    expect(doubtOf({ claim: claimed('executing') }, tools, at)).toBeUndefined();
  });

  it.each<[string, string, Tools, object]>([
    ['a tool that is gone', 'jira.assign', {}, { leaseUntil: later(60) }],
    ['a tool by a name that every object has', 'toString', {}, { leaseUntil: later(60) }],
    [
      'what is a read tool by now',
      'jira.assign',
      { 'jira.assign': { ...jiraGet, input: jiraAssign.input } as unknown as Tool },
      {},
    ],
    [
      'a tool that takes other arguments by now',
      'jira.assign',
      { 'jira.assign': { ...jiraAssign, input: jiraGet.input } as unknown as Tool },
      { seenBy: 'jira.get' },
    ],
  ])('tells no arguments of %s', (_, tool, those, expected) => {
    const { seenBy: __, ...known } = about;
    expect(doubtOf({ writ: { ...writ(), tool } }, those, at)).toStrictEqual({
      ...known,
      tool,
      arguments: {},
      claim: 'unclaimed',
      since: at,
      leaseUntil: later(jiraAssign.timeoutSeconds + 60),
      ...expected,
    });
  });

  it('stands in the audit under the names of the audit, without what is not known', () => {
    const doubt = { ...about, claim: 'executing' as const, since: at, leaseUntil: later(15) };
    const { seenBy: _, ...unseen } = doubt;
    const as = {
      action: 1,
      tool: 'jira.assign',
      scope: 'jira:write',
      marker: `${RUN}-1`,
      claim: 'executing',
      since: at,
      args_redacted: about.arguments,
      lease_until: later(15),
    };
    expect(doubtAs(doubt)).toStrictEqual({ ...as, seen_by: 'jira.get' });
    expect(doubtAs(unseen)).toStrictEqual(as);
  });
});

describe('the uses of the writs of a run', () => {
  const authorised = (action: number) => ({
    kind: 'authorised',
    writ: { scope: 'jira:write', action, digest: 'd'.repeat(64) },
    rules: [],
  });

  it('are that of the dossier, and those of every other writ that the steps name, as they are found', async () => {
    const { run } = aRun({
      steps: { 'decide#1': authorised(1), 'decide#2': authorised(2), 'decide#1001': authorised(1_001) },
    });
    const looked: unknown[] = [];
    const ledger = {
      look: async (ref: object, wanted: { writ?: { action: number } }): Promise<Dossier | undefined> => {
        looked.push(wanted);
        expect(ref).toEqual(run);
        return wanted.writ?.action === 2
          ? undefined
          : aDossier({ run, writ: aWrit({ action: wanted.writ?.action ?? 0 }) });
      },
    };
    const dossier = aDossier({ run, writ: aWrit() });
    const uses = await usesOf({ ledger } as never, dossier);
    expect(uses[0]).toBe(dossier);
    expect(uses.map(({ writ }) => writ?.action)).toEqual([1, 1_001]);
    expect(looked).toEqual(
      [2, 1_001].map((action) => ({ writ: { scope: 'jira:write', action }, claim: { scope: 'jira:write', action } }))
    );

    expect((await usesOf({ ledger } as never, aDossier({ run }))).map(({ writ }) => writ?.action)).toEqual([
      undefined,
      1,
      1_001,
    ]);
  });
});
