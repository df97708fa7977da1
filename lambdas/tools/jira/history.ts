import * as z from 'zod';

/** What a call leaves with its change: the writ that it was made under, and of an undo, the call that it undoes. */
export interface Mark {
  readonly marker: string;
  readonly undoes?: string | undefined;
}

/** One change of an issue, as Jira's history has it. */
export const Change = z.object({
  historyMetadata: z.object({ extraData: z.record(z.string(), z.unknown()).nullish() }).nullish(),
  items: z.array(z.object({ fieldId: z.string().nullish(), field: z.string().nullish() })).nullish(),
});
export type Change = z.infer<typeof Change>;

/** What the maker of a change left with it. */
export const saidOf = ({ historyMetadata }: Change): Readonly<Record<string, unknown>> =>
  historyMetadata?.extraData ?? {};

const fieldsOf = ({ items }: Change): readonly unknown[] => (items ?? []).map(({ fieldId, field }) => fieldId ?? field);

/**
 * Whether the fields that a call changed are somebody else's now, by an issue's changes, newest first. An undo gives back what was there
 * before the call that it undoes, so what was changed and undone since counts for nothing. False where that call is not among the changes.
 */
export const isChangedSince = (changes: readonly Change[], marker: string): boolean => {
  const own = changes.find((change) => saidOf(change).writ === marker);
  if (own === undefined) return false;
  const fields = fieldsOf(own);
  let left = changes.filter((change) => fieldsOf(change).some((field) => fields.includes(field)));
  for (;;) {
    const [newest] = left;
    if (newest === undefined || newest === own) return newest === undefined;
    const { undoes } = saidOf(newest);
    const undone = left.findIndex((change) => typeof undoes === 'string' && saidOf(change).writ === undoes);
    if (undone < 1) return true;
    left = left.slice(undone + 1);
  }
};
