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

/** The newest changes that Jira gives with an issue: where there are as many, older ones may be left out. */
export const MOST_CHANGES = 100;

const isOfComponents = ({ items }: Change): boolean =>
  (items ?? []).some(({ fieldId, field }) => (fieldId ?? field) === 'components' || field === 'Component');

/**
 * Whether an issue's components are somebody else's since the call with this marker, by its newest changes, newest first. An undo gives
 * back what was there before the call that it undoes, so what was changed and undone since counts for nothing. A call that is not among
 * all the changes there are changed nothing, and nothing is told of it: false. One that is not among the newest is older than all of them; what lies
 * between them and it is not seen.
 */
export const isChangedSince = (changes: readonly Change[], marker: string): boolean => {
  let left = changes.filter(isOfComponents);
  const own = left.find((change) => saidOf(change).writ === marker);
  if (own === undefined && changes.length < MOST_CHANGES) return false;
  for (;;) {
    const [newest] = left;
    if (newest === undefined) return own !== undefined; // what is undone is the call itself
    if (newest === own) return false;
    const { undoes } = saidOf(newest);
    const undone = left.findIndex((change) => typeof undoes === 'string' && saidOf(change).writ === undoes);
    if (undone < 1) return true;
    left = left.slice(undone + 1);
  }
};
