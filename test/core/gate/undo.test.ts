import { describe, expect, it } from 'vitest';
import { type Attempt, actionOfUndo, judgeUndo, reversalOf, undoActionOf } from '../../../lambdas/core/gate/undo.ts';
import type { Tools } from '../../../lambdas/core/provenance.ts';
import type { Claim } from '../../../lambdas/core/records.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aReading, aWrit } from '../../support/builders.ts';

const MINUTE_MS = 60_000;
const at = (minutes: number): string => new Date(AT.getTime() + minutes * MINUTE_MS).toISOString();

const writ = aWrit();
const claimed = (status: Claim['status'], leaseUntil = at(1)): Claim => ({
  digest: writ.digest,
  status,
  attempt: 1,
  startedAt: at(0),
  leaseUntil,
});
const showing = (component: string, minutes: number) => ({
  ...aReading({ call: 'now', output: { issueKey: 'OPS-1', components: [component] } }),
  at: at(minutes),
});

const restoring = (effect: WriteTool['effect']): Tools => ({
  ...contracts,
  'jira.restore-components': { ...(contracts['jira.restore-components'] as unknown as WriteTool), effect },
});
const [idempotent, once] = [restoring('idempotent'), restoring('once')];

/** An action that set Network where Access was. */
const left = { writ, claim: claimed('done'), before: showing('Access', 0) };
const judged = (earlier: readonly Attempt[], tools = idempotent, now = showing('Network', 2)) => {
  const verdict = judgeUndo(left, now, { tools, afterMismatch: false, earlier });
  return verdict.kind === 'refused' ? verdict.because : verdict.kind;
};
const unseen = (claim?: Claim): Attempt => ({ claim, isSeen: false });
const SEEN: Attempt = { claim: claimed('done'), isSeen: true };

describe('an undo', () => {
  const because = (about: object, tools = idempotent): string => {
    const verdict = judgeUndo({ ...left, ...about }, showing('Network', 2), {
      tools,
      afterMismatch: false,
      earlier: [],
    });
    return verdict.kind === 'refused' ? verdict.because : verdict.kind;
  };

  it('of an action that was claimed by another writ is in doubt', () => {
    expect(because({ claim: { ...claimed('done'), digest: 'f'.repeat(64) } })).toBe('in-doubt');
  });

  it('by a tool of another scope is none: nothing there may use its writ', () => {
    const elsewhere = { ...(contracts['jira.restore-components'] as unknown as WriteTool), scope: 'mail:write' };
    expect(because({}, { ...contracts, 'jira.restore-components': elsewhere })).toBe('irreversible');
  });

  it('waits for a function that may still say how it went, and then for nobody', () => {
    const of = (minutes: number) => because({ claim: claimed('executing', at(minutes)) });
    expect([of(3), of(1), of(0.9)]).toEqual(['unsettled', 'unsettled', 'in-doubt']);
    const unclaimed = (minutes: number) => because({ claim: undefined, abandonedAt: at(minutes) });
    expect([unclaimed(2), unclaimed(1), unclaimed(0.5)]).toEqual(['unsettled', 'unsettled', 'never-done']);
    expect(because({ claim: undefined })).toBe('never-done');
  });

  it('waits until no function that was called can begin, to the millisecond', () => {
    const until = (ms: number) => {
      const abandonedAt = new Date(AT.getTime() - jiraAssign.timeoutSeconds * 1_000 - MINUTE_MS + ms).toISOString();
      const found = reversalOf({ writ, abandonedAt }, { tools: idempotent, at: at(0) });
      return found.kind === 'refused' ? found.because : found.kind;
    };
    expect([until(1), until(0), until(-1)]).toEqual(['unsettled', 'unsettled', 'never-done']);
  });

  it('of an action that has no writ was never done', () => {
    expect(because({ writ: undefined })).toBe('never-done');
    expect(because({ claim: claimed('failed') })).toBe('never-done');
  });

  const { 'jira.restore-components': _, ...without } = contracts;
  const asIrreversible = {
    ...contracts,
    'jira.assign': { ...jiraAssign, undo: 'irreversible' } as unknown as WriteTool,
  };
  it.each<[string, object, Tools]>([
    ['a tool that is gone', {}, {}],
    ['a tool that only reads', { writ: { ...writ, tool: 'jira.get' } }, contracts],
    ['a tool that cannot be undone', {}, asIrreversible],
    ['a tool whose restoring one is gone', {}, without],
  ])('by %s is none', (_, about, tools) => {
    expect(because(about, tools)).toBe('irreversible');
  });

  it('of what nobody claimed, by a tool that is gone, waits no longer than a function may take to begin', () => {
    const gone = (minutes: number) => because({ claim: undefined, abandonedAt: at(minutes) }, {});
    expect([gone(1), gone(0.9)]).toEqual(['unsettled', 'never-done']);
  });

  it.each([
    ['how the record was before', { before: undefined }],
    ['what it was to write', { writ: { ...writ, arguments: { issueKey: 'none' } } }],
    ['a state that could be restored', { before: { ...showing('Access', 0), output: { components: 'x' } } }],
  ])('is none without %s', (_, about) => {
    expect(because(about)).toBe('before-unknown');
  });

  it.each([
    ['some of what was written beside what was there', ['Access', 'Network'], 'reversible'],
    ['what was written', ['Network'], 'reversible'],
    ['a part of what was there alone', ['Office'], 'changed'],
    ['nothing at all', [], 'changed'],
    ['something else beside it', ['Network', 'Hardware'], 'changed'],
  ])('after a mismatch, where the record shows %s', (_, components, expected) => {
    const before = { ...showing('Access', 0), output: { issueKey: 'OPS-1', components: ['Access', 'Office'] } };
    const now = { ...showing('Access', 2), output: { issueKey: 'OPS-1', components } };
    const verdict = judgeUndo({ ...left, before }, now, { tools: idempotent, afterMismatch: true, earlier: [] });
    expect(verdict.kind === 'refused' ? verdict.because : verdict.kind).toBe(expected);
  });

  it('that a run makes of its own has a number far beyond that of any action', () => {
    expect([undoActionOf(1), actionOfUndo(1_001), actionOfUndo(1), actionOfUndo(1_000)]).toEqual([1_001, 1, 1, 1_000]);
  });
});

describe('an undo after an earlier one of the same action', () => {
  const late = at(3);
  it.each([
    ['has no claim', undefined, 'reversible', 'reversible'],
    ['gave its claim back', claimed('released'), 'reversible', 'reversible'],
    ['was refused by the system', claimed('failed'), 'reversible', 'reversible'],
    ['was executing, and its lease is over', claimed('executing'), 'reversible', 'unsettled'],
    ['is executing', claimed('executing', late), 'unsettled', 'unsettled'],
    ['is executing to this very moment', claimed('executing', at(2)), 'unsettled', 'unsettled'],
    ['is in doubt, and its lease is over', claimed('in-doubt'), 'reversible', 'unsettled'],
    ['is in doubt', claimed('in-doubt', late), 'unsettled', 'unsettled'],
    ['was done and not seen', claimed('done'), 'unsettled', 'unsettled'],
  ] as const)('that %s', (_, claim, ofIdempotent, ofOnce) => {
    expect([judged([unseen(claim)]), judged([unseen(claim)], once)]).toEqual([ofIdempotent, ofOnce]);
  });

  it.each([undefined, claimed('released')])(
    'whose execution ended under it waits until no function of it can claim',
    (claim) => {
      const abandoned = (minutes: number) => judged([{ ...unseen(claim), abandonedAt: at(minutes) }]);
      expect([abandoned(0), abandoned(1), abandoned(2)]).toEqual(['reversible', 'unsettled', 'unsettled']);
      expect(judged([{ ...unseen(claimed('failed')), abandonedAt: at(2) }])).toBe('reversible');
    }
  );

  it('that was seen is none, whatever came of others and whoever has the record now', () => {
    expect(judged([SEEN])).toBe('undone-before');
    expect(judged([unseen(claimed('in-doubt', late)), SEEN, unseen()])).toBe('undone-before');
    expect(judged([SEEN], idempotent, showing('Hardware', 2))).toBe('undone-before');
  });

  it('waits for any of them that may still take effect, also where an older one never began', () => {
    expect(judged([unseen(), unseen(claimed('in-doubt', late))])).toBe('unsettled');
  });

  it('asks first whether anything is left to undo', () => {
    expect(judged([SEEN], idempotent, showing('Access', 2))).toBe('nothing-to-undo');
    expect(judged([unseen(claimed('executing', late))], once, showing('Access', 2))).toBe('nothing-to-undo');
  });

  it.each([
    ['changed, though it shows what the action left,', true, 'changed'],
    ['still ours', false, 'reversible'],
  ])('takes a record as %s where its history says so', (_, changedSince, expected) => {
    expect(judged([], idempotent, { ...showing('Network', 2), changedSince })).toBe(expected);
    expect(judged([], idempotent, { ...showing('Access', 2), changedSince })).toBe('nothing-to-undo');
  });

  it('is refused as changed where none was begun', () => {
    expect(judged([unseen()], idempotent, showing('Hardware', 2))).toBe('changed');
  });
});
