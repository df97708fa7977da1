import { seeded, shuffle } from '../lambdas/core/engine/classifier/random.ts';
import { type Proposal, trainProposer } from './proposer.ts';
import type { Row } from './rows.ts';

const FOLDS = 5;
const THRESHOLDS = [0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95] as const;

/** One point of the trade: how many tickets are left to people, and how often the others are right. */
export interface Point {
  readonly threshold: number;
  /** Of all tickets. */
  readonly escalated: number;
  /** Of those not escalated; 1 where there are none. */
  readonly rightOfAssigned: number;
}

export interface TicketsReport {
  readonly rows: number;
  readonly labels: number;
  /** With the threshold that each fold's training chose; `threshold` is their mean. */
  readonly atDefault: Point;
  readonly curve: readonly Point[];
  /** Mean difference between confidence and share of right answers, over ten bins of confidence. */
  readonly calibrationError: number;
  readonly msPerText: number;
  readonly trainSeconds: number;
  readonly modelKb: number;
}

interface Judged extends Proposal {
  readonly right: boolean;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

const point = (judged: readonly Judged[], threshold: number, assigned: readonly Judged[]): Point => ({
  threshold,
  escalated: 1 - assigned.length / judged.length,
  rightOfAssigned: assigned.length === 0 ? 1 : mean(assigned.map(({ right }) => Number(right))),
});

const calibrationError = (judged: readonly Judged[]): number => {
  const bins = Array.from({ length: 10 }, (_, bin) =>
    judged.filter(({ confidence }) => Math.min(9, Math.floor(confidence * 10)) === bin)
  );
  const gaps = bins.map((bin) =>
    Math.abs(bin.reduce((gap, { confidence, right }) => gap + confidence - Number(right), 0))
  );
  return gaps.reduce((sum, gap) => sum + gap, 0) / judged.length;
};

/** Proposes a queue for every ticket with a model that has not seen it: five folds, each by the other four. */
export const evaluateTickets = async (rows: readonly Row[]): Promise<TicketsReport> => {
  const order = Int32Array.from(rows, (_, at) => at);
  shuffle(order, seeded(1));
  const shuffled = [...order].flatMap((at) => rows[at] ?? []);
  const judged: Judged[] = [];
  const proposers = [];
  let ms = 0;
  for (let fold = 0; fold < FOLDS; fold++) {
    const proposer = trainProposer(shuffled.filter((_, at) => at % FOLDS !== fold));
    const started = performance.now();
    for (const { text, label } of shuffled.filter((_, at) => at % FOLDS === fold)) {
      const proposal = await proposer.propose(text);
      judged.push({ ...proposal, right: proposal.label === label });
    }
    ms += performance.now() - started;
    proposers.push(proposer);
  }
  const assigned = judged.filter(({ abstained }) => !abstained);
  return {
    rows: rows.length,
    labels: new Set(rows.map(({ label }) => label)).size,
    atDefault: point(judged, mean(proposers.map(({ threshold }) => threshold)), assigned),
    curve: THRESHOLDS.map((threshold) =>
      point(
        judged,
        threshold,
        judged.filter(({ confidence }) => confidence >= threshold)
      )
    ),
    calibrationError: calibrationError(judged),
    msPerText: ms / judged.length,
    trainSeconds: mean(proposers.map(({ trainSeconds }) => trainSeconds)),
    modelKb: mean(proposers.map(({ modelBytes }) => modelBytes)) / 1_024,
  };
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(9);

export const renderTickets = (report: TicketsReport): string => {
  const line = (name: string, { rightOfAssigned, escalated }: Point) =>
    `${name.padEnd(16)}${percent(rightOfAssigned).padStart(18)}${percent(escalated).padStart(12)}`;
  return [
    `${report.rows} tickets, ${report.labels} queues, ${FOLDS} folds, each proposed by a model of the other four`,
    '',
    `${'threshold'.padEnd(16)}${'right of assigned'.padStart(18)}${'escalated'.padStart(12)}`,
    ...report.curve.map((at) => line(at.threshold.toFixed(2), at)),
    line(`default (${report.atDefault.threshold.toFixed(2)})`, report.atDefault),
    '',
    `calibration error ${report.calibrationError.toFixed(3)}, ${report.msPerText.toFixed(3)} ms per text, ` +
      `${report.trainSeconds.toFixed(1)} s of training, model ${report.modelKb.toFixed(0)} KB`,
  ].join('\n');
};
