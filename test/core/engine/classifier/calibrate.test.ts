import { describe, expect, it } from 'vitest';
import { fitTemperature, type Unseen } from '../../../../lambdas/core/engine/classifier/calibrate.ts';
import { softmax } from '../../../../lambdas/core/engine/classifier/linear.ts';
import { predict } from '../../../../lambdas/core/engine/classifier/model.ts';
import { seeded } from '../../../../lambdas/core/engine/classifier/random.ts';
import { train } from '../../../../lambdas/core/engine/classifier/train.ts';
import { ticketsOf } from './examples.ts';

/** Scores of three classes whose right class is drawn by their own probabilities at a temperature. */
const drawn = (count: number, temperature: number): readonly Unseen[] => {
  const random = seeded(3);
  return Array.from({ length: count }, () => {
    const scores = Float64Array.from({ length: 3 }, () => random() * 6);
    const [a = 0, b = 0] = softmax(scores.slice(), temperature);
    const at = random();
    return { scores, right: at < a ? 0 : at < a + b ? 1 : 2, lead: 0, known: 1 };
  });
};

const certain = (count: number): readonly Unseen[] =>
  Array.from({ length: count }, (_, at) => ({
    scores: Float64Array.of(1, 0, -at / count),
    right: 0,
    lead: 0,
    known: 1,
  }));

describe('the temperature', () => {
  it.each([0.5, 1, 3])('is found where scores were drawn at %d', (temperature) => {
    expect(Math.abs(Math.log(fitTemperature(drawn(4_000, temperature)) / temperature))).toBeLessThan(0.1);
  });

  it('promises the less the fewer rows there are, where all of them are right', () => {
    const temperatures = [5, 50, 500].map((count) => fitTemperature(certain(count)));

    expect(temperatures).toEqual(temperatures.toSorted((a, b) => b - a));
    expect(new Set(temperatures).size).toBe(3);
  });
});

describe('confidence', () => {
  it('is the share of answers that are right, on tickets not seen', () => {
    const model = train(ticketsOf(400, { noise: 0.7 }));
    const judged = ticketsOf(2_000, { noise: 0.7, seed: 77 }).map(({ text, label }) => {
      const prediction = predict(model, text);
      return { ...prediction, right: Number(prediction.label === label) };
    });
    const gap = (some: typeof judged) =>
      some.reduce((sum, { confidence, right }) => sum + confidence - right, 0) / some.length;
    const unsure = judged.filter(({ confidence }) => confidence < 0.7);
    const sure = judged.filter(({ confidence }) => confidence >= 0.7);

    expect(unsure.length).toBeGreaterThan(200);
    expect(sure.length).toBeGreaterThan(200);
    for (const group of [judged, unsure, sure]) expect(Math.abs(gap(group))).toBeLessThan(0.08);
  });
});
