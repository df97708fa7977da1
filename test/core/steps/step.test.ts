import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Terminal } from '../../../lambdas/core/errors.ts';
import type { Ledger } from '../../../lambdas/core/ledger.ts';
import type { Run } from '../../../lambdas/core/run.ts';
import { advance } from '../../../lambdas/core/steps/step.ts';
import { AT, aDossier, aRelease, aRun } from '../../support/builders.ts';

const output = z.strictObject({ kind: z.literal('done') });

/** Moves a run by a ledger that answers so, one try after the other, and tells what each try was told of counters. */
const moved = async (answers: readonly Awaited<ReturnType<Ledger['move']>>[], about: Partial<Run> = {}) => {
  const { run } = aRun(about);
  const [left, told] = [[...answers], [] as boolean[]];
  const never = () => Promise.reject(new Error('a step that moves a run does nothing else'));
  const ledger: Ledger = {
    look: async () => aDossier({ run }),
    move: async () => left.shift() ?? 'moved',
    plan: never,
    askAgain: never,
    requestAgain: never,
  };
  const deps = { ledger, release: aRelease(), now: () => AT, traceId: () => 'untraced' };
  const answer = await advance(deps, run, { key: 'a-step', wanted: {}, output }, (_, { full }) => {
    told.push(full);
    return { output: { kind: 'done' }, rules: [], event: {} };
  });
  return { answer, told };
};

describe('a step that moves a run', () => {
  it('is made anew where anything moved since, and told of a counter that had less room by the last try alone', async () => {
    expect(await moved(['stale', 'full', 'stale'])).toEqual({
      answer: { kind: 'done' },
      told: [false, false, true, false],
    });
  });

  it('says what is wrong with an answer that is none of it', async () => {
    const doing = moved([], { steps: { 'a-step': { kind: 'nonsense' } } });
    await expect(doing).rejects.toMatchObject({ name: Terminal.name, cause: expect.any(z.ZodError) });
  });
});
