import { exp } from './exact.ts';

/** What tells texts in scope from others. */
export interface Signs {
  /** How much more the best label scores than what is out of scope. */
  readonly lead: number;
  /** The share of the text's features that the model knows. */
  readonly known: number;
}

/** The weights of the signs: the logistic function of their sum is the probability that a text is in scope. */
export interface Scope extends Signs {
  readonly base: number;
}

/** Of texts in use, at least this share is taken to be out of scope: examples are collected, and others stay away. */
export const OUTSIDE_SHARE = 0.05;

export const chanceInside = ({ lead, known, base }: Scope, signs: Signs): number => {
  const sum = lead * signs.lead + known * signs.known + base;
  return sum < 0 ? exp(sum) / (1 + exp(sum)) : 1 / (1 + exp(-sum));
};

/** How many texts in use a row in scope stands for, where each row out of scope stands for one. */
export const insideWeight = (inside: number, outside: number): number => {
  const share = Math.max(OUTSIDE_SHARE, outside / (inside + outside));
  return outside === 0 ? 1 : (outside * (1 - share)) / (share * inside);
};

const STEPS = 30;
const RIDGE = 0.01;

/**
 * Fits the weights to signs of texts that are in scope and of texts that are not, by Newton's method. However few there
 * are of one kind, they do not make anything certain: each row is taken to be a little uncertain itself.
 */
export const fitScope = (inside: readonly Signs[], outside: readonly Signs[]): Scope => {
  const weight = insideWeight(inside.length, outside.length);
  const targetInside = (inside.length * weight + 1) / (inside.length * weight + 2);
  const targetOutside = 1 / (outside.length + 2);
  let scope: Scope = { lead: 1, known: 0, base: 0 };
  for (let step = 0; step < STEPS; step++) {
    const sums = { gradient: [0, 0, 0] as Triple, curvature: [RIDGE, 0, 0, RIDGE, 0, RIDGE] as Six };
    for (const signs of inside) addRow(sums, signs, chanceInside(scope, signs), targetInside, weight);
    for (const signs of outside) addRow(sums, signs, chanceInside(scope, signs), targetOutside, 1);
    const { lead, known, base } = scope;
    sums.gradient[0] += RIDGE * lead;
    sums.gradient[1] += RIDGE * known;
    sums.gradient[2] += RIDGE * base;
    const [a, b, c] = solve(sums.curvature, sums.gradient);
    const stride = Math.min(1, 10 / Math.max(Math.abs(a), Math.abs(b), Math.abs(c), 1)); // a leap may overshoot
    scope = { lead: lead - stride * a, known: known - stride * b, base: base - stride * c };
  }
  return scope;
};

type Triple = [number, number, number];
/** A symmetric matrix of three rows: its upper half, row by row. */
type Six = [number, number, number, number, number, number];

const addRow = (
  { gradient, curvature }: { readonly gradient: Triple; readonly curvature: Six },
  { lead, known }: Signs,
  chance: number,
  target: number,
  weight: number
): void => {
  const error = weight * (chance - target);
  gradient[0] += error * lead;
  gradient[1] += error * known;
  gradient[2] += error;
  const bend = weight * chance * (1 - chance);
  curvature[0] += bend * lead * lead;
  curvature[1] += bend * lead * known;
  curvature[2] += bend * lead;
  curvature[3] += bend * known * known;
  curvature[4] += bend * known;
  curvature[5] += bend;
};

/** Solves a positive definite system by its square root (Cholesky). */
const solve = ([a, b, c, d, e, f]: Six, [x, y, z]: Triple): Triple => {
  const l00 = Math.sqrt(a);
  const l10 = b / l00;
  const l20 = c / l00;
  const l11 = Math.sqrt(d - l10 * l10);
  const l21 = (e - l20 * l10) / l11;
  const l22 = Math.sqrt(f - l20 * l20 - l21 * l21);
  const u = x / l00;
  const v = (y - l10 * u) / l11;
  const w = (z - l20 * u - l21 * v) / l22;
  const third = w / l22;
  const second = (v - l21 * third) / l11;
  return [(u - l10 * second - l20 * third) / l00, second, third];
};
