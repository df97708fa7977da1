import type { RunView } from '../api-shapes.ts';
import type { Ticket } from '../tickets/tickets.ts';

/** What became of a ticket. `asked` waits for an answer that nobody gave, `awaiting-approval` for people to approve. */
export const OUTCOMES = [
  'assigned',
  'awaiting-approval',
  'escalated',
  'asked',
  'not-eligible',
  'refused',
  'recorded',
  'failed',
] as const;
export type Outcome = (typeof OUTCOMES)[number];

const OUTCOME_OF: Readonly<Record<NonNullable<RunView['outcome']>, Outcome>> = {
  completed: 'assigned',
  'not-eligible': 'not-eligible',
  recorded: 'recorded',
  refused: 'refused',
  escalated: 'escalated',
  failed: 'failed',
};

/** One ticket when all is said: its run as the API last showed it, or why there is none. */
export interface Result {
  readonly ticket: Ticket;
  readonly issueKey: string;
  readonly outcome: Outcome;
  readonly run?: string;
  readonly view?: RunView;
  readonly problem?: string;
  /** When it was settled, on the clock of the batch. */
  readonly settledAtMs: number;
}

/** A closed run's outcome in the words of the demo. */
export const outcomeOf = ({ outcome }: RunView): Outcome => (outcome === undefined ? 'failed' : OUTCOME_OF[outcome]);

/** The queue that was proposed. */
export const proposedQueue = ({ view }: Result): string | undefined => {
  const component = view?.proposal?.arguments.component;
  return typeof component === 'string' ? component : undefined;
};

/** The queue that the ticket was given, is given once people approve it, or would have been given in a mode that only records. */
export const queueOf = (result: Result): string | undefined =>
  ['assigned', 'awaiting-approval', 'recorded'].includes(result.outcome) ? proposedQueue(result) : undefined;

/** From submission to the last change, as the API has it. */
export const durationMs = ({ view }: Result): number | undefined => {
  const ms = view === undefined ? Number.NaN : Date.parse(view.updatedAt) - Date.parse(view.createdAt);
  return Number.isFinite(ms) && ms >= 0 ? ms : undefined;
};

export type Counts = Readonly<Record<Outcome, number>>;

export const countsOf = (results: readonly Pick<Result, 'outcome'>[]): Counts => {
  const counts: Record<Outcome, number> = {
    assigned: 0,
    'awaiting-approval': 0,
    escalated: 0,
    asked: 0,
    'not-eligible': 0,
    refused: 0,
    recorded: 0,
    failed: 0,
  };
  for (const { outcome } of results) counts[outcome] += 1;
  return counts;
};

/** "28 assigned, 6 escalated": the outcomes that occur. */
export const countsText = (counts: Counts): string =>
  OUTCOMES.filter((outcome) => counts[outcome] > 0)
    .map((outcome) => `${counts[outcome]} ${outcome.replace('-', ' ')}`)
    .join(', ');
