import type { Need } from '../api-shapes.ts';

/** How many people of each role, in words. */
export const needsText = (needs: readonly Need[]): string =>
  needs.map(({ role, approvers }) => `${approvers} ${role}${approvers === 1 ? '' : 's'}`).join(' and ');

/** Who must still approve: people of each role where each of them is another, else how many people, with the roles among them. */
export const missingText = ({
  missing,
  missingPeople,
}: {
  readonly missing: readonly Need[];
  readonly missingPeople: number;
}): string => {
  const named = missing.reduce((sum, { approvers }) => sum + approvers, 0);
  if (named === missingPeople) return needsText(missing);
  const people = missingPeople === 1 ? '1 more person' : `${missingPeople} more people`;
  return named === 0 ? people : `${people}, ${needsText(missing)} among them`;
};
