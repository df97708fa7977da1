import type { Writ } from '../../../lambdas/core/records.ts';
import type { Evidence } from '../evidence.ts';
import { AT_FIRST } from '../vendor.ts';
import type { World } from '../world.ts';

/*
 * What happened in the system has a writ and a claim, is what the writ says, and happened once; and claims say what happened.
 */

/** What an effect is marked with. */
const markerOf = ({ run, action }: Writ): string => `${run}-${action}`;
const asText = (components: readonly string[]): string => components.toSorted().join();
const setBy = ({ arguments: { component, components } }: Writ): string =>
  asText(Array.isArray(components) ? components : [String(component)]);

export const effectFaults = ({ vendor }: World, { writs, claims }: Evidence): readonly string[] => {
  const writOf = new Map(writs.map(({ writ }) => [markerOf(writ), writ]));
  const claimOf = new Map(claims.flatMap(({ of, claim }) => (of ? [[markerOf(of), claim] as const] : [])));
  const effects = [...vendor.effects.values()];
  /** A claim is settled by what is seen, whoever did it. */
  const isSeen = (writ: Writ): boolean =>
    asText(AT_FIRST) === setBy(writ) ||
    effects.some(({ thing, sets }) => thing === writ.arguments.issueKey && asText(sets) === setBy(writ));
  return [
    ...vendor.offences,
    ...effects.flatMap(({ marker, thing, sets, times }) => {
      const [writ, claim] = [writOf.get(marker), claimOf.get(marker)];
      return [
        ...(times > 1 ? [`${thing} was changed ${times} times by ${marker}`] : []),
        ...(writ === undefined || claim === undefined
          ? [`${thing} was changed by ${marker} without writ and claim`]
          : []),
        ...(writ && (setBy(writ) !== asText(sets) || writ.arguments.issueKey !== thing)
          ? [`${thing} was changed by ${marker} otherwise than its writ says`]
          : []),
        ...(claim?.status === 'failed'
          ? [`${thing} was changed by ${marker}, and its claim says that it was not`]
          : []),
      ];
    }),
    ...[...claimOf].flatMap(([marker, { status }]) => {
      const writ = writOf.get(marker);
      return status === 'done' && writ && !isSeen(writ)
        ? [`${marker} changed nothing, and its claim says that it did`]
        : [];
    }),
  ];
};
