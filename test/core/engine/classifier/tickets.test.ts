import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Example } from '../../../../lambdas/core/engine/classifier/examples.ts';
import { predict } from '../../../../lambdas/core/engine/classifier/model.ts';
import { parse } from '../../../../lambdas/core/engine/classifier/parse.ts';
import { seeded, shuffle } from '../../../../lambdas/core/engine/classifier/random.ts';
import { serialise } from '../../../../lambdas/core/engine/classifier/serialise.ts';
import { train } from '../../../../lambdas/core/engine/classifier/train.ts';

const file = join(process.env.WRIT_DATA ?? '', 'it_tickets', 'it_tickets_dev.jsonl');
const isHere = process.env.WRIT_DATA !== undefined && existsSync(file);

const readTickets = (): readonly Example[] => {
  const tickets = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line): Example => JSON.parse(line));
  const order = Int32Array.from(tickets, (_, at) => at);
  shuffle(order, seeded(11));
  return [...order].flatMap((at) => tickets[at] ?? []);
};

/** What a model of the first `count` tickets makes of the last fifth of all, which it has not seen. */
const judge = (count: number) => {
  const tickets = readTickets();
  const unseen = tickets.slice(-tickets.length / 5);
  const bytes = serialise(train(tickets.slice(0, Math.min(count, tickets.length - unseen.length))));
  const model = parse(bytes);
  const judged = unseen.map(({ text, label }) => {
    const prediction = predict(model, text);
    return { ...prediction, right: prediction.label === label };
  });
  const assigned = judged.filter(({ abstained }) => !abstained);
  return {
    right: assigned.filter(({ right }) => right).length / assigned.length,
    escalated: 1 - assigned.length / judged.length,
    kilobytes: bytes.length / 1_024,
  };
};

describe.skipIf(!isHere)('real tickets (the folder WRIT_DATA has it_tickets/)', () => {
  it('are mostly given, and mostly to the right queue', () => {
    const { right, escalated, kilobytes } = judge(1_920);

    expect(right).toBeGreaterThan(0.85);
    expect(escalated).toBeLessThan(0.35);
    expect(kilobytes).toBeLessThan(1_500);
  });

  it.each([
    [450, 0.83, 0.5],
    [60, 0.6, 0.97], // few, and worse, but worth more than an escalation each where a wrong one costs 2.15
  ])(
    'of which only %d were learnt from lead to fewer answers, which are worth giving',
    (count, leastRight, mostEscalated) => {
      const { right, escalated } = judge(count);

      expect(right).toBeGreaterThan(leastRight);
      expect(escalated).toBeLessThan(mostEscalated);
    }
  );
});
