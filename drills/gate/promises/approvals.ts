import { digestOf } from '../../../lambdas/core/digest.ts';
import type { Writ } from '../../../lambdas/core/records.ts';
import { chainKey } from '../../../lambdas/core/tables.ts';
import type { Evidence } from '../evidence.ts';
import { APPROVERS as PEOPLE_WHO_MAY } from '../people.ts';
import { APPROVERS } from '../release.ts';
import type { World } from '../world.ts';
import { isIssueOf } from './runs.ts';

/*
 * No writ without the approvals that its rule asks for: by distinct people who may approve, who saw exactly this and not more than a day
 * ago were asked for it. None after somebody's refusal was kept.
 */

const DAY_MS = 86_400_000;
const MAY: ReadonlySet<string> = new Set(PEOPLE_WHO_MAY);

/** How many people had to approve, as the workflow and the mode have it that the decision was made in. */
const neededFor = (writ: Writ, { chains }: Evidence): number => {
  const issue = (chains.get(chainKey.run(writ)) ?? []).find((record) => isIssueOf(record, writ));
  return writ.workflow === 'asks' ? APPROVERS : issue?.mode === 'supervised' ? 1 : 0;
};

const faultsOf = (world: World, evidence: Evidence, writ: Writ): readonly string[] => {
  const { run, approvals = [], issuedAt } = writ;
  const by = new Set(approvals.map((approval) => approval.by));
  const saidSo = (who: string) =>
    world.words.some(
      (word) =>
        word.run === run &&
        word.by === who &&
        word.decision === 'approve' &&
        digestOf(word.saw) === digestOf(writ.arguments) &&
        (evidence.requests.get(run) ?? []).some(
          ({ digest, at }) => digest === word.digest && Date.parse(issuedAt) < Date.parse(at) + DAY_MS
        )
    );
  const refusal = world.words.find(
    (word) => word.run === run && word.decision === 'refuse' && word.isKept && !word.isLate
  );
  const needed = neededFor(writ, evidence);
  return [
    ...(by.size < needed || by.size < approvals.length
      ? [`run ${run} has a writ with ${approvals.length} approvals of ${by.size} people, and needs ${needed}`]
      : []),
    ...[...by].flatMap((who) => (MAY.has(who) ? [] : [`run ${run} has a writ that ${who} may not approve`])),
    ...[...by].flatMap((who) =>
      saidSo(who) ? [] : [`run ${run} has a writ that ${who} has not approved as it is, in time`]
    ),
    ...(refusal ? [`run ${run} has a writ, and ${refusal.by} had refused`] : []),
  ];
};

/** An undo needs nobody's approval. */
export const approvalFaults = (world: World, evidence: Evidence): readonly string[] =>
  evidence.writs.flatMap(({ writ }) => (writ.undoes === undefined ? faultsOf(world, evidence, writ) : []));
