import { durationMs, proposedQueue, queueOf, type Result } from './results.ts';
import { isAsExpected, isCorrect, type Totals } from './totals.ts';

/** What `--json` prints. Members are never absent: null stands for what there is not. */
export const documentOf = (results: readonly Result[], totals: Totals) => ({
  tickets: results.map((result) => {
    const { ticket, issueKey, outcome, run, view, problem } = result;
    return {
      id: ticket.id,
      line: ticket.line,
      issueKey,
      run: run ?? null,
      outcome,
      /** Given to the ticket, or recorded as what it would have been given. */
      queue: queueOf(result) ?? null,
      proposedQueue: proposedQueue(result) ?? null,
      confidence: view?.proposal?.confidence ?? null,
      engine: view?.proposal === undefined ? null : `${view.proposal.engine.kind}:${view.proposal.engine.name}`,
      rule: view?.rules[0] ?? null,
      rules: view?.rules ?? [],
      because: view?.escalation?.because ?? null,
      ms: durationMs(result) ?? null,
      label: ticket.queue ?? null,
      correct: isCorrect(result) ?? null,
      expected: ticket.expected ?? null,
      asExpected: isAsExpected(result) ?? null,
      hostile: ticket.hostile,
      problem: problem ?? null,
    };
  }),
  totals,
});
