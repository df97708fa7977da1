import { type Counts, countsOf, queueOf, type Result } from './results.ts';

/** An effect in Jira: the issue and the fields that changed. */
export interface IssueWrite {
  readonly issueKey: string;
  readonly fields: readonly string[];
}

export interface Totals {
  readonly tickets: number;
  /** Rows of the file that were left out. */
  readonly malformed: number;
  readonly outcomes: Counts;
  /** Tickets whose file says which queue they belong to. */
  readonly labelled: number;
  /** Among the labelled: how many were given a queue, and how many theirs. Null where none is labelled. */
  readonly accuracy: {
    readonly assigned: number;
    readonly correct: number;
    readonly ofAssigned: number | null;
    readonly ofAll: number;
  } | null;
  /** Among tickets whose file says how they should end. Null where none does. */
  readonly expectations: { readonly met: number; readonly of: number } | null;
  readonly jira: {
    readonly writes: number;
    /** Among them: changes of components of issues of earlier starts, whose runs have gone on. */
    readonly earlierWrites: number;
    /** Writes that are anything else than a change of components of an issue that a run was about and assigned. */
    readonly strayWrites: readonly IssueWrite[];
  };
  /** From the call of the command; `batchMs` from the first submission. */
  readonly timings: {
    readonly firstTriagedMs: number | null;
    readonly batchMs: number;
    readonly totalMs: number;
  };
}

export interface TotalsInput {
  readonly results: readonly Result[];
  readonly malformed: number;
  readonly writes: readonly IssueWrite[];
  /** The issues that were there before. */
  readonly earlierIssues: ReadonlySet<string>;
  readonly batchStartedMs: number;
  readonly endedMs: number;
}

/** Whether the ticket was given the queue that its file says; undefined where it says none. */
export const isCorrect = (result: Result): boolean | undefined =>
  result.ticket.queue === undefined ? undefined : queueOf(result) === result.ticket.queue;

/** Whether the ticket ended as its file says, in outcome and, where assigned, in queue. */
export const isAsExpected = (result: Result): boolean | undefined => {
  const { expected, queue } = result.ticket;
  if (expected === undefined) return undefined;
  return result.outcome === expected && (expected !== 'assigned' || queue === undefined || queueOf(result) === queue);
};

const changesComponents = ({ fields }: IssueWrite): boolean => fields.every((field) => field === 'components');

const jiraTotals = ({ results, writes, earlierIssues }: TotalsInput): Totals['jira'] => {
  const assigned = new Set(results.filter(({ outcome }) => outcome === 'assigned').map(({ issueKey }) => issueKey));
  const earlier = writes.filter((write) => earlierIssues.has(write.issueKey) && changesComponents(write));
  const fine = writes.filter((write) => assigned.has(write.issueKey) && changesComponents(write));
  return {
    writes: writes.length,
    earlierWrites: earlier.length,
    strayWrites: writes.filter((write) => !earlier.includes(write) && !fine.includes(write)),
  };
};

export const totalsOf = (input: TotalsInput): Totals => {
  const { results, malformed, batchStartedMs, endedMs } = input;
  const labelled = results.filter(({ ticket }) => ticket.queue !== undefined);
  const assigned = labelled.filter((result) => queueOf(result) !== undefined);
  const correct = assigned.filter((result) => isCorrect(result) === true).length;
  const expecting = results.filter((result) => isAsExpected(result) !== undefined);
  const triaged = results.filter(({ outcome }) => outcome !== 'failed' && outcome !== 'asked');
  return {
    tickets: results.length,
    malformed,
    outcomes: countsOf(results),
    labelled: labelled.length,
    accuracy:
      labelled.length === 0
        ? null
        : {
            assigned: assigned.length,
            correct,
            ofAssigned: assigned.length === 0 ? null : correct / assigned.length,
            ofAll: correct / labelled.length,
          },
    expectations:
      expecting.length === 0
        ? null
        : { met: expecting.filter((result) => isAsExpected(result) === true).length, of: expecting.length },
    jira: jiraTotals(input),
    timings: {
      firstTriagedMs:
        triaged.length === 0 ? null : Math.round(Math.min(...triaged.map(({ settledAtMs }) => settledAtMs))),
      batchMs: Math.round(endedMs - batchStartedMs),
      totalMs: Math.round(endedMs),
    },
  };
};
