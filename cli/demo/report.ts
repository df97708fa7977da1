import { percent } from '../commands/show-run.ts';
import { clean } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { countsText, durationMs, type Outcome, proposedQueue, queueOf, type Result } from './results.ts';
import type { Totals } from './totals.ts';

const TONES: Readonly<Record<Outcome, Tone>> = {
  assigned: 'good',
  'awaiting-approval': 'note',
  escalated: 'warn',
  asked: 'note',
  'not-eligible': 'quiet',
  refused: 'warn',
  recorded: 'plain',
  failed: 'bad',
};

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

const NONE = '–';

/** Rounded down: only what is certain is shown as 1.00. */
const confidenceText = (confidence: number): string => (Math.floor(confidence * 100 + 1e-9) / 100).toFixed(2);

const COLUMNS: readonly Column<Result>[] = [
  { header: 'TICKET', cell: ({ ticket }) => ticket.id, min: 6, dispensable: 0 },
  { header: 'SUBJECT', cell: ({ ticket }) => ticket.summary, min: 10, dispensable: 1 },
  {
    header: 'QUEUE',
    cell: (result) => queueOf(result) ?? (proposedQueue(result) === undefined ? NONE : `(${proposedQueue(result)})`),
    tone: (result) => (queueOf(result) === undefined ? 'quiet' : 'plain'),
    min: 8,
    dispensable: 0,
  },
  {
    header: 'CONF',
    cell: ({ view }) => (view?.proposal === undefined ? NONE : confidenceText(view.proposal.confidence)),
    align: 'right',
    dispensable: 3,
  },
  {
    header: 'OUTCOME',
    cell: ({ outcome }) => outcome.replace('-', ' '),
    tone: ({ outcome }) => TONES[outcome],
    dispensable: 0,
  },
  { header: 'DECIDED BY', cell: ({ view }) => view?.rules.join(', ') || NONE, min: 12, dispensable: 2 },
  {
    header: 'TIME',
    cell: (result) => {
      const ms = durationMs(result);
      return ms === undefined ? NONE : seconds(ms);
    },
    tone: () => 'quiet',
    align: 'right',
    dispensable: 4,
  },
];

/** Why a ticket failed, for the lines below the table. */
const problemOf = ({ problem, view }: Result): string => problem ?? view?.escalation?.because ?? 'the run failed';

const plural = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

const share = (hit: number, of: number): string => `${percent(of === 0 ? 0 : hit / of)} (${hit} of ${of})`;

const writesText = ({ writes, strayWrites, earlierWrites }: Totals['jira'], { paint }: Terminal): string => {
  if (writes === 0) return 'nothing was written';
  const count = plural(writes, 'write');
  if (strayWrites.length > 0) return `${count}, ${paint('bad', `${strayWrites.length} of them astray`)}`;
  const earlier = earlierWrites === 0 ? '' : `; ${earlierWrites} by runs of an earlier start that went on`;
  return `${count}, each the component of the issue that its run was about${earlier}`;
};

/** The results as people read them: a table, the failures, then what it comes to. */
export const showReport = (out: Terminal, results: readonly Result[], totals: Totals): void => {
  for (const line of table(COLUMNS, results, { ...out, columns: out.columns - 2 })) out.line(`  ${line}`);
  out.line();
  for (const result of results.filter(({ outcome }) => outcome === 'failed'))
    out.line(`  ${out.paint('bad', 'failed')} ${clean(result.ticket.id)}: ${clean(problemOf(result))}`);

  const { labelled, accuracy, expectations, jira, timings, malformed } = totals;
  out.line(`  ${out.paint('strong', plural(totals.tickets, 'ticket'))}: ${countsText(totals.outcomes) || 'none'}`);
  if (malformed > 0) out.line(`  ${plural(malformed, 'malformed row')} left out`);
  if (accuracy !== null)
    out.line(
      `  Accuracy: ${share(accuracy.correct, accuracy.assigned)} of those given a queue, ` +
        `${share(accuracy.correct, labelled)} of all with a label`
    );
  if (expectations !== null) out.line(`  As expected: ${share(expectations.met, expectations.of)}`);
  out.line(`  Jira: ${writesText(jira, out)}`);
  for (const write of jira.strayWrites)
    out.line(`    ${out.paint('bad', 'astray')} ${clean(write.issueKey)}: ${clean(write.fields.join(', '))}`);
  const first =
    timings.firstTriagedMs === null ? 'none triaged' : `first triaged after ${seconds(timings.firstTriagedMs)}`;
  out.line(`  Time: ${first}, all after ${seconds(timings.totalMs)} (the batch took ${seconds(timings.batchMs)})`);
};
