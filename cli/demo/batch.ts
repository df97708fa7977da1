import type { RunView } from '../api-shapes.ts';
import type { Api } from '../client.ts';
import { Failure } from '../failure.ts';
import { ApiProblem } from '../http.ts';
import type { Ticket } from '../tickets/tickets.ts';
import { inParallel } from './parallel.ts';
import { outcomeOf, type Result } from './results.ts';

/** A ticket and the issue that was made of it. */
export interface Filed {
  readonly ticket: Ticket;
  readonly issueKey: string;
}

export interface BatchOptions {
  readonly api: Api;
  readonly workflow: string;
  readonly filed: readonly Filed[];
  /** Idempotency keys are this, "-" and a number: unique to the batch. */
  readonly batch: string;
  /** How many runs may be on their way at once; more would only wait inside the stack, against its time-outs. */
  readonly inFlight: number;
  /** The interval between looks at the list of runs: the shortest while runs are closing, growing to the longest. */
  readonly lookMs: { readonly shortest: number; readonly longest: number };
  /** How long nothing at all may happen before what is left counts as failed. */
  readonly patienceMs: number;
  readonly now: () => number;
  /** Rejects when the batch is interrupted. */
  readonly wait: (ms: number) => Promise<void>;
  readonly onSettled: (result: Result) => void;
}

const FIRST_IN_FLIGHT = 4;
const SUBMITTERS = 8;
const DETAIL_READERS = 4;
const PAGE = 100;
const GROWTH = 1.5;

interface OnItsWay {
  readonly filed: Filed;
  readonly run: string;
  /** The round of the last question that was answered. */
  replied?: number;
}

/**
 * Submits every ticket and waits until each is settled: closed, asking what nobody will answer, or given up. Runs are
 * watched by the pages of the list, never one by one; each closed run is read once. The results have the tickets' order.
 */
export const runBatch = async (options: BatchOptions): Promise<readonly Result[]> => {
  const { api, filed, now, wait } = options;
  const results = new Map<Filed, Result>();
  const onItsWay = new Map<string, OnItsWay>();
  const waiting = [...filed.entries()];
  let changedAtMs = now();

  const settle = (one: Filed, end: Omit<Result, 'ticket' | 'issueKey' | 'settledAtMs'>) => {
    changedAtMs = now();
    const result = { ...one, ...end, settledAtMs: changedAtMs };
    results.set(one, result);
    options.onSettled(result);
  };

  const submit = async ([index, one]: readonly [number, Filed]) => {
    const { ticket, issueKey } = one;
    const input = {
      summary: ticket.summary,
      ...(ticket.description !== undefined && { description: ticket.description }),
      ...(!ticket.forgotten && { issueKey }),
    };
    try {
      const { run } = await api.submit({ workflow: options.workflow, input }, `${options.batch}-${index + 1}`);
      onItsWay.set(run, { filed: one, run });
      changedAtMs = now();
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      settle(one, { outcome: 'failed', problem: error.message });
    }
  };

  const settleClosed = async ({ filed: one, run }: OnItsWay) => {
    const view = await api.run(run);
    onItsWay.delete(run);
    settle(one, { outcome: outcomeOf(view), run, view });
  };

  const answer = async (entry: OnItsWay) => {
    const { filed: one, run, replied } = entry;
    const view = await api.run(run);
    const { status, question, approval } = view;
    const waits = (outcome: 'asked' | 'awaiting-approval') => {
      onItsWay.delete(run);
      settle(one, { outcome, run, view });
    };
    if (status !== 'waiting') return;
    if (approval !== undefined) return waits('awaiting-approval');
    if (!one.ticket.reply) return waits('asked');
    // the list may still show the question that was answered, or it is asked again
    if (replied !== undefined) return question !== undefined && question.round > replied ? waits('asked') : undefined;
    try {
      entry.replied = (await api.reply(run, { issueKey: one.issueKey })).round;
      changedAtMs = now();
    } catch (error) {
      // 409: nothing is asked any more, as the next look will show
      if (!(error instanceof ApiProblem) || error.status !== 409) throw error;
    }
  };

  const look = async () => {
    const unseen = new Set(onItsWay.keys());
    const rows: RunView[] = [];
    let cursor: string | undefined;
    // newest first: what is on its way stands on the first pages, unless others submit a lot at the same time
    for (let pages = Math.ceil(filed.length / PAGE) + 2; pages > 0 && unseen.size > 0; pages -= 1) {
      const page = await api.runs({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
      for (const row of page.runs) if (unseen.delete(row.run)) rows.push(row);
      cursor = page.next;
      if (cursor === undefined) break;
    }
    await inParallel(rows, DETAIL_READERS, async ({ run, status }) => {
      const entry = onItsWay.get(run);
      if (entry === undefined || status === 'active') return;
      await (status === 'closed' ? settleClosed(entry) : answer(entry));
    });
  };

  const giveUp = async () => {
    const waitedSeconds = Math.round(options.patienceMs / 1_000);
    for (const entry of [...onItsWay.values()]) {
      const view = await api.run(entry.run); // the list may have missed it
      onItsWay.delete(entry.run);
      if (view.status === 'closed') settle(entry.filed, { outcome: outcomeOf(view), run: entry.run, view });
      else {
        const problem = `still ${view.status} after ${waitedSeconds} s in which nothing happened`;
        settle(entry.filed, { outcome: 'failed', run: entry.run, view, problem });
      }
    }
  };

  let interval = options.lookMs.shortest;
  while (results.size < filed.length) {
    // a few first, so that the first is through soon; a full load all at once would keep them all waiting for each other
    const free = Math.min(options.inFlight, FIRST_IN_FLIGHT + results.size) - onItsWay.size;
    await inParallel(waiting.splice(0, Math.max(0, free)), SUBMITTERS, submit);
    if (onItsWay.size === 0) continue;
    const before = changedAtMs;
    await wait(interval);
    await look().catch((error: unknown) => {
      if (!(error instanceof Failure) || now() - changedAtMs > options.patienceMs) throw error;
    });
    if (now() - changedAtMs > options.patienceMs) await giveUp();
    interval = changedAtMs === before ? Math.min(interval * GROWTH, options.lookMs.longest) : options.lookMs.shortest;
  }
  return filed.flatMap((one) => results.get(one) ?? []);
};
