import { OUTSIDE_SHARE } from './scope.ts';

/** An answer to a text that the model never saw. */
export interface Judged {
  /** The promised probability that it is right. */
  readonly confidence: number;
  readonly right: boolean;
  /** How many texts in use it stands for. */
  readonly weight: number;
}

/** The confidence from which an answer costs less than an escalation, where a wrong one costs as much as `wrongCost` of them. */
export const worthGiving = (wrongCost: number): number => 1 - 1 / wrongCost;

/**
 * The confidence from which answers cost least in all: a right one costs nothing, a wrong one `wrongCost`, and one that is
 * withheld 1, since a person has to answer. What an answer is counts half as it turned out and half as its confidence
 * promised. Never less than what is worth giving by its confidence alone, nor more than would be if wrong answers cost
 * twice as much: an answer surer than that is given, however few the rows.
 *
 * `outsideUnseen` says that none of those judged is out of scope, though in use some texts will be: they are taken to look,
 * to the model, like the answers that are wrong.
 */
export const chooseThreshold = (judged: readonly Judged[], wrongCost: number, outsideUnseen: boolean): number => {
  const answers = judged
    .map(({ confidence, right, weight }) => ({ confidence, weight, chance: (Number(right) + confidence) / 2 }))
    .sort((a, b) => b.confidence - a.confidence);
  const all = answers.reduce((sum, { weight }) => sum + weight, 0);
  const wrong = answers.reduce((sum, { weight, chance }) => sum + weight * (1 - chance), 0);
  const strays = outsideUnseen && wrong > 0 ? (all * OUTSIDE_SHARE) / (1 - OUTSIDE_SHARE) / wrong : 0;
  let threshold = worthGiving(2 * wrongCost);
  let saved = 0;
  let most = 0;
  for (const [at, { confidence, weight, chance }] of answers.entries()) {
    saved += weight * (chance - (wrongCost - 1) * (1 - chance) * (1 + strays));
    if (saved <= most || answers[at + 1]?.confidence === confidence) continue;
    most = saved;
    threshold = Math.min(threshold, confidence);
  }
  return Math.max(threshold, worthGiving(wrongCost));
};
