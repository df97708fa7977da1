import { type Proposal, trainProposer } from './proposer.ts';
import { DataError, type Row } from './rows.ts';

/** What each threshold would make of the same answers. */
export interface RouterPoint {
  readonly threshold: number;
  /** Of texts in scope: how many are given their label. */
  readonly inScopeAccuracyAssigned: number;
  /** Of texts out of scope: how many are withheld. Absent where there are none. */
  readonly oosRecall?: number;
}

export interface RouterReport {
  readonly rows: number;
  readonly labels: number;
  /** Of texts in scope: how many are given their label, none withheld. */
  readonly inScopeAccuracy: number;
  /** The same, where what the model abstains from counts as wrong. */
  readonly inScopeAccuracyAssigned: number;
  /** Of texts out of scope: how many the model abstains from. Absent where there are none. */
  readonly oosRecall?: number;
  /** How well low confidence tells texts out of scope from the others: 0.5 is chance. Absent where there are none. */
  readonly auroc?: number;
  /** What a wrong answer was said to cost, in escalations. */
  readonly wrongCost: number;
  readonly threshold: number;
  readonly curve: readonly RouterPoint[];
  readonly msPerText: number;
  readonly trainSeconds: number;
  readonly modelKb: number;
}

const THRESHOLDS = [0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9] as const;

/**
 * As routers are compared: a text in scope that is withheld counts as wrong, so a wrong answer is hardly worse than none.
 */
export const WRONG_COST = 1.15;

const shareOf = <T>(items: readonly T[], holds: (item: T) => boolean): number =>
  items.length === 0 ? 0 : items.filter(holds).length / items.length;

/** How often a text out of scope has less confidence than one in scope; a tie counts half. */
const aurocOf = (inside: readonly Proposal[], outside: readonly Proposal[]): number => {
  let wins = 0;
  for (const out of outside)
    for (const { confidence } of inside)
      wins += confidence > out.confidence ? 1 : confidence === out.confidence ? 0.5 : 0;
  return wins / (inside.length * outside.length);
};

/**
 * Trains on one set of texts and proposes labels for another. Rows labelled `oos` are out of scope: the model learns from
 * them, but may not propose their label; it should abstain.
 */
export const evaluateRouter = async (
  training: readonly Row[],
  test: readonly Row[],
  oos: string | undefined,
  wrongCost = WRONG_COST
): Promise<RouterReport> => {
  const known = new Set(training.map(({ label }) => label));
  const outsideKnown = oos !== undefined && known.has(oos);
  const proposer = trainProposer(training, { wrongCost, ...(outsideKnown && { outside: oos }) });
  const judged: { readonly proposal: Proposal; readonly label: string }[] = [];
  const started = performance.now();
  for (const { text, label } of test) judged.push({ proposal: await proposer.propose(text), label });
  const ms = performance.now() - started;

  const inside = judged.filter(({ label }) => label !== oos);
  const outside = judged.filter(({ label }) => label === oos);
  if (inside.length === 0) throw new DataError('the test rows are all out of scope: expected some with other labels');
  const pointAt = (threshold: number): RouterPoint => ({
    threshold,
    inScopeAccuracyAssigned: shareOf(
      inside,
      ({ proposal, label }) => proposal.label === label && proposal.confidence >= threshold
    ),
    ...(outside.length > 0 && { oosRecall: shareOf(outside, ({ proposal }) => proposal.confidence < threshold) }),
  });
  return {
    rows: test.length,
    labels: outsideKnown ? known.size - 1 : known.size,
    inScopeAccuracy: shareOf(inside, ({ proposal, label }) => proposal.label === label),
    inScopeAccuracyAssigned: shareOf(inside, ({ proposal, label }) => proposal.label === label && !proposal.abstained),
    ...(outside.length > 0 && {
      oosRecall: shareOf(outside, ({ proposal }) => proposal.abstained),
      auroc: aurocOf(
        inside.map(({ proposal }) => proposal),
        outside.map(({ proposal }) => proposal)
      ),
    }),
    wrongCost,
    threshold: proposer.threshold,
    curve: THRESHOLDS.map(pointAt),
    msPerText: ms / test.length,
    trainSeconds: proposer.trainSeconds,
    modelKb: proposer.modelBytes / 1_024,
  };
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

export const renderRouter = (report: RouterReport): string =>
  [
    `${report.rows} texts, ${report.labels} labels`,
    `in scope, right            ${percent(report.inScopeAccuracy)}`,
    `in scope, right and given  ${percent(report.inScopeAccuracyAssigned)}`,
    ...(report.oosRecall === undefined ? [] : [`out of scope, withheld     ${percent(report.oosRecall)}`]),
    ...(report.auroc === undefined ? [] : [`AUROC of confidence        ${report.auroc.toFixed(3)}`]),
    `threshold                  ${report.threshold.toFixed(2)}, where a wrong answer costs ${report.wrongCost} escalations`,
    '',
    `${'threshold'.padEnd(12)}${'right and given'.padStart(16)}${'out of scope, withheld'.padStart(25)}`,
    ...report.curve.map(
      ({ threshold, inScopeAccuracyAssigned, oosRecall }) =>
        threshold.toFixed(2).padEnd(12) +
        percent(inScopeAccuracyAssigned).padStart(16) +
        (oosRecall === undefined ? '–' : percent(oosRecall)).padStart(25)
    ),
    '',
    `${report.msPerText.toFixed(3)} ms per text, ${report.trainSeconds.toFixed(1)} s of training, model ${report.modelKb.toFixed(0)} KB`,
  ].join('\n');
