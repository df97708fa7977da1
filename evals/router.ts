import { type Proposal, trainProposer } from './proposer.ts';
import { DataError, type Row } from './rows.ts';

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
  readonly threshold: number;
  readonly msPerText: number;
  readonly trainSeconds: number;
  readonly modelKb: number;
}

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
  oos: string | undefined
): Promise<RouterReport> => {
  const labels = [...new Set(training.map(({ label }) => label))].filter((label) => label !== oos);
  const proposer = trainProposer(training, labels);
  const judged: { readonly proposal: Proposal; readonly label: string }[] = [];
  const started = performance.now();
  for (const { text, label } of test) judged.push({ proposal: await proposer.propose(text), label });
  const ms = performance.now() - started;

  const inside = judged.filter(({ label }) => label !== oos);
  const outside = judged.filter(({ label }) => label === oos);
  if (inside.length === 0) throw new DataError('the test rows are all out of scope: expected some with other labels');
  return {
    rows: test.length,
    labels: labels.length,
    inScopeAccuracy: shareOf(inside, ({ proposal, label }) => proposal.label === label),
    inScopeAccuracyAssigned: shareOf(inside, ({ proposal, label }) => proposal.label === label && !proposal.abstained),
    ...(outside.length > 0 && {
      oosRecall: shareOf(outside, ({ proposal }) => proposal.abstained),
      auroc: aurocOf(
        inside.map(({ proposal }) => proposal),
        outside.map(({ proposal }) => proposal)
      ),
    }),
    threshold: proposer.threshold,
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
    `in scope, right and given  ${percent(report.inScopeAccuracyAssigned)} (threshold ${report.threshold.toFixed(2)})`,
    ...(report.oosRecall === undefined ? [] : [`out of scope, withheld     ${percent(report.oosRecall)}`]),
    ...(report.auroc === undefined ? [] : [`AUROC of confidence        ${report.auroc.toFixed(3)}`]),
    `${report.msPerText.toFixed(3)} ms per text, ${report.trainSeconds.toFixed(1)} s of training, model ${report.modelKb.toFixed(0)} KB`,
  ].join('\n');
