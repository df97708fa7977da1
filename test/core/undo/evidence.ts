import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import { Claim, Reading, readingName, Writ } from '../../../lambdas/core/records.ts';
import type { givenRun } from '../../support/run.ts';

const SEEN = { scope: 'jira:read', tool: 'jira.get' };

/** Where things of a run lie, with the digests of what lies there now: as the audit has it of whoever looks. */
export const evidenceIn = ({ state }: Pick<Awaited<ReturnType<typeof givenRun>>, 'state'>) => {
  const contentAt = async (key: Parameters<typeof state.get>[0]) => (await state.get(key))?.content;
  return {
    reading: async (ref: RunRef, which: Pick<Reading, 'call' | 'action'>) => ({
      ref: `READ#jira:read#${ref.tenant}#${ref.run}/jira.get#${readingName(which)}`,
      sha256: Reading.parse(await contentAt(keys.reading(ref, { ...SEEN, ...which }))).sha256,
    }),
    writ: async (ref: RunRef, action = 1) => ({
      ref: `WRIT#jira:write#${ref.tenant}#${ref.run}/${action}`,
      sha256: Writ.parse(await contentAt(keys.writ(ref, 'jira:write', action))).digest,
    }),
    claim: async (ref: RunRef, action = 1) => ({
      ref: `CLAIM#jira:write#${ref.tenant}#${ref.run}/${action}`,
      sha256: digestOf(Claim.parse(await contentAt(keys.claim(ref, 'jira:write', action)))),
    }),
  };
};

/** What a run left behind of its first action. */
export const leftBehind = async (world: Parameters<typeof evidenceIn>[0], ref: RunRef) => {
  const { reading, writ, claim } = evidenceIn(world);
  return [await reading(ref, { call: 'before' }), await writ(ref), await claim(ref)];
};
