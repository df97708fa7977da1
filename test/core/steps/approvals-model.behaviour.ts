import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApproverRole, Need } from '../../../lambdas/core/gate/approval.ts';
import type { PolicyRule } from '../../../lambdas/core/gate/policy.ts';
import { waitingRun } from '../../support/approval.ts';
import { aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

const DAY_SECONDS = 86_400;
const REQUESTER = 'u-1';

/** Who there is, and the roles that they have. */
const ROLES: Readonly<Record<string, readonly ApproverRole[]>> = {
  'a-1': ['approver'],
  'a-2': ['approver'],
  'b-1': ['approver', 'operator'],
  'b-2': ['approver', 'operator'],
  'b-3': ['approver', 'operator'],
  'o-1': ['operator'],
  [REQUESTER]: ['approver', 'operator'],
};

const word = fc.record({
  who: fc.constantFrom(...Object.keys(ROLES)),
  decision: fc.oneof({ weight: 5, arbitrary: fc.constant('approve') }, { weight: 1, arbitrary: fc.constant('refuse') }),
});
/** What people say at the same moment, and how long nobody says anything before. */
const moment = fc.record({
  after: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(DAY_SECONDS / 2) }),
  words: fc.array(word, { minLength: 1, maxLength: 5 }),
});

const askFor = ({ role, approvers }: Need): PolicyRule => ({
  id: `ASK_${role.toUpperCase()}`,
  effect: 'ask',
  because: 'a test',
  when: [{ fact: 'action.tool', is: 'jira.assign' }],
  role,
  approvers,
});

/** What is asked: of one role or of two, so many people of each. */
const asked = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 2 }))
  .filter(([approvers, operators]) => approvers + operators > 0)
  .map(([approvers, operators]) =>
    (['approver', 'operator'] as const).flatMap((role, at): Need[] => {
      const needed = at === 0 ? approvers : operators;
      return needed === 0 ? [] : [{ role, approvers: needed }];
    })
  );

/** Whether everybody who is needed can be somebody else, by trying each person for each. */
const isEnough = (needed: readonly ApproverRole[], people: readonly string[]): boolean => {
  const [role, ...others] = needed;
  return (
    role === undefined ||
    people.some(
      (one) =>
        ROLES[one]?.includes(role) &&
        isEnough(
          others,
          people.filter((other) => other !== one)
        )
    )
  );
};

describe.skipIf(!hasDynoxide)('whatever people say, in whatever order and at whatever moment', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  it('a writ is issued where enough different people approved in time and nobody refused, and nowhere else', async () => {
    await fc.assert(
      fc.asyncProperty(
        asked,
        fc.array(moment, { minLength: 1, maxLength: 4 }),
        fc.constantFrom(0, 1, DAY_SECONDS / 2, DAY_SECONDS),
        async (needs, moments, before) => {
          const release = aRelease({ policy: [...aRelease().policy, ...needs.map(askFor)] });
          const run = await waitingRun(dynoxide, { release }, { pause: async () => undefined });
          const needed = needs.flatMap(({ role, approvers }) => Array.from({ length: approvers }, () => role));
          const isAsked = (who: string) => ROLES[who]?.some((role) => needed.includes(role)) === true;
          const approved = new Set<string>();
          const refused = new Set<string>();
          let passed = 0;
          for (const { after, words } of moments) {
            run.clock.pass(after);
            passed += after;
            const answers = await Promise.all(
              words.map(({ who, decision }) => run.say(decision, who, { roles: `[${ROLES[who]?.join(' ')}]` }))
            );
            for (const [at, { status, body }] of answers.entries()) {
              const { who = '', decision } = words[at] ?? {};
              // 409 also where it is kept and another's word at the same moment let the run go on
              const isKept = status === 200 || (status === 409 && String(body.detail).includes('is kept'));
              if (who === REQUESTER || !isAsked(who)) expect(status).toBe(403);
              else if (isKept) (decision === 'approve' ? approved : refused).add(who);
              else expect([409, 410]).toContain(status);
            }
          }
          run.clock.pass(before);
          passed += before;
          const verdict = await run.decided(2);

          const said = (await run.kept()).records.at(-1)?.approval?.decisions ?? [];
          expect(said.map(({ user }) => user).toSorted()).toEqual([...approved, ...refused].toSorted());
          const everybody = said.map(({ user }) => user);
          // nothing more is taken once it is enough, or refused
          for (const at of everybody.keys()) expect(isEnough(needed, everybody.slice(0, at))).toBe(false);
          expect(said.slice(0, -1).filter(({ decision }) => decision === 'refuse')).toEqual([]);
          const isApproved = refused.size === 0 && isEnough(needed, [...approved]);
          expect(run.executions.answers.length).toBe(refused.size === 1 || isApproved ? 1 : 0);
          const isDue = isApproved && passed < DAY_SECONDS;
          expect(verdict).toMatchObject(
            refused.size === 1
              ? { kind: 'refused', because: 'declined' }
              : { kind: isDue ? 'authorised' : 'approval-needed' }
          );
          const writs = await run.writs();
          expect(writs.map(({ approvals = [] }) => approvals.map(({ by }) => by).toSorted())).toEqual(
            isDue ? [[...approved].toSorted()] : []
          );
        }
      ),
      { numRuns: 60 }
    );
  });
});
