import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PolicyRule } from '../../../lambdas/core/gate/policy.ts';
import { waitingRun } from '../../support/approval.ts';
import { aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

const DAY_SECONDS = 86_400;
const REQUESTER = 'u-1';

const word = fc.record({
  who: fc.constantFrom('a-1', 'a-2', 'a-3', 'a-4', REQUESTER),
  decision: fc.oneof({ weight: 5, arbitrary: fc.constant('approve') }, { weight: 1, arbitrary: fc.constant('refuse') }),
});
/** What people say at the same moment, and how long nobody says anything before. */
const moment = fc.record({
  after: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(DAY_SECONDS / 2) }),
  words: fc.array(word, { minLength: 1, maxLength: 5 }),
});

const askFor = (approvers: number): PolicyRule => ({
  id: 'ASK_SOME',
  effect: 'ask',
  because: 'a test',
  when: [{ fact: 'action.tool', is: 'jira.assign' }],
  approvers,
});

describe.skipIf(!hasDynoxide)('whatever people say, in whatever order and at whatever moment', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  it('a writ is issued where enough approved in time and nobody refused, and nowhere else', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.array(moment, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 1, DAY_SECONDS / 2, DAY_SECONDS),
        async (approvers, moments, before) => {
          const release = aRelease({ policy: [...aRelease().policy, askFor(approvers)] });
          const run = await waitingRun(dynoxide, { release }, { pause: async () => undefined });
          const approved = new Set<string>();
          const refused = new Set<string>();
          let passed = 0;
          for (const { after, words } of moments) {
            run.clock.pass(after);
            passed += after;
            const answers = await Promise.all(words.map(({ who, decision }) => run.say(decision, who)));
            for (const [at, { status, body }] of answers.entries()) {
              const { who = '', decision } = words[at] ?? {};
              // 409 also where it is kept and another's word at the same moment let the run go on
              const isKept = status === 200 || (status === 409 && String(body.detail).includes('is kept'));
              if (who === REQUESTER) expect(status).toBe(403);
              else if (isKept) (decision === 'approve' ? approved : refused).add(who);
              else expect([409, 410]).toContain(status);
            }
          }
          run.clock.pass(before);
          passed += before;
          const verdict = await run.decided(2);

          expect(approved.size).toBeLessThanOrEqual(approvers); // nothing more is taken once it is enough
          expect(refused.size).toBeLessThanOrEqual(1);
          expect(run.executions.answers.length).toBe(refused.size === 1 || approved.size === approvers ? 1 : 0);
          const isDue = refused.size === 0 && approved.size === approvers && passed < DAY_SECONDS;
          expect(verdict).toMatchObject(
            refused.size === 1
              ? { kind: 'refused', because: 'declined' }
              : { kind: isDue ? 'authorised' : 'approval-needed' }
          );
          const writs = await run.writs();
          expect(writs.map(({ approvals = [] }) => approvals.map(({ by }) => by).toSorted())).toEqual(
            isDue ? [[...approved].toSorted()] : []
          );
          const said = (await run.kept()).records.at(-1)?.approval?.decisions ?? [];
          expect(said.map(({ user }) => user).toSorted()).toEqual([...approved, ...refused].toSorted());
        }
      ),
      { numRuns: 60 }
    );
  });
});
