import { describe, expect, it } from 'vitest';
import { hasMismatch } from '../../../lambdas/core/steps/look-back.ts';
import { reportsOf, writsNamed } from '../../../lambdas/core/steps/report.ts';
import { aRunId } from '../../support/builders.ts';

const authorised = (action: number) => ({
  kind: 'authorised',
  writ: { scope: 'jira:write', action, digest: 'd'.repeat(64) },
  rules: ['A_RULE'],
});
const named = (action: number, round: number) => ({ ...authorised(action).writ, round });
const refused = (because: string) => ({ kind: 'refused', because, rules: [] });

describe('the writs that the steps of a run name', () => {
  it.each<[string, Readonly<Record<string, unknown>>, readonly object[]]>([
    ['nothing was decided', {}, []],
    ['it was authorised at once', { 'decide#1': authorised(1) }, [named(1, 1)]],
    [
      'people were asked first',
      { 'decide#1': { kind: 'approval-needed' }, 'decide#1.2': authorised(1) },
      [named(1, 2)],
    ],
    ['actions and rounds are many', { 'decide#12.34': authorised(12) }, [named(12, 34)]],
    [
      'there is one of several actions',
      { 'decide#1': authorised(1), 'decide#1001': authorised(1_001) },
      [named(1, 1), named(1_001, 1)],
    ],
    ['it was refused, or only recorded', { 'decide#1': refused('forbidden'), 'decide#2': { kind: 'recorded' } }, []],
    [
      'what was answered is no ruling',
      { 'decide#1': 'authorised', 'decide#2': null, 'decide#3': { kind: 'authorised' } },
      [],
    ],
    [
      'another step answers as a ruling does',
      Object.fromEntries(
        ['act#1', 'undecide#1', 'decide#1.2.3', 'decide#1x', 'decide#', 'decide#1.'].map((key) => [key, authorised(1)])
      ),
      [],
    ],
  ])('where %s', (_, steps, writs) => {
    expect(writsNamed(steps)).toStrictEqual(writs);
  });
});

describe('what became of each undo', () => {
  const reportsIn = (about: Partial<Parameters<typeof reportsOf>[0]>) =>
    reportsOf({ steps: {}, status: 'closed', undo: undefined, ...about });

  it('that a run made of its own actions: newest first, and of no other step', () => {
    const steps = {
      'decide#3': authorised(3),
      'decide#3.2': authorised(3),
      'decide#1003': refused('changed'),
      'decide#12': authorised(12),
      'decide#1012': authorised(1_012),
      'verify#1012': { kind: 'undone', rules: [] },
      'decide#4': authorised(4),
      'undecide#5': authorised(5),
      'decide#1005': authorised(1_005),
    };
    expect(reportsIn({ steps })).toStrictEqual([
      { action: 12, report: 'undone' },
      { action: 3, report: 'changed' },
    ]);
  });

  it('that an operator asked for: newest first, and of no other step', () => {
    const steps = {
      'survey#2': refused('never-done'),
      'survey#2.2': refused('never-done'),
      'survey#12': { kind: 'reversible' },
      'verify#12': { kind: 'mismatch', rules: [] },
      'resurvey#3': refused('never-done'),
    };
    expect(reportsIn({ steps, undo: { of: aRunId(), reason: 'a test' } })).toStrictEqual([
      { action: 12, report: 'mismatch' },
      { action: 2, report: 'never-done' },
    ]);
  });

  it.each([
    ['under-way', 'active'],
    ['under-way', 'waiting'],
    ['failed', 'closed'],
  ] as const)('where it has not ended: %s of a run that is %s', (report, status) => {
    const own = { 'decide#1': authorised(1), 'decide#1001': authorised(1_001) };
    expect(reportsIn({ steps: own, status })).toStrictEqual([{ action: 1, report }]);
    const undo = { of: aRunId(), reason: 'a test' };
    expect(reportsIn({ steps: { 'survey#1': { kind: 'reversible' } }, status, undo })).toStrictEqual([
      { action: 1, report },
    ]);
  });
});

describe('a mismatch', () => {
  it.each([
    ['that Verify found', { 'verify#1': { kind: 'mismatch', rules: [] } }, true],
    ['of another action', { 'verify#2': { kind: 'mismatch', rules: [] } }, false],
    ['where it verified', { 'verify#1': { kind: 'verified', rules: [] } }, false],
    ['before it was verified', {}, false],
    ['in what is no answer', { 'verify#1': null }, false],
    ['in text alone', { 'verify#1': 'mismatch' }, false],
    ['in an answer of no kind', { 'verify#1': {} }, false],
  ])('%s', (_, steps, is) => {
    expect(hasMismatch({ steps }, 1)).toBe(is);
  });
});
