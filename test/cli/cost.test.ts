import { describe, expect, it } from 'vitest';
import { billOf } from '../../cli/cost/bill.ts';

const measured = {
  runs: 4,
  use: { transitions: 44, invocations: 36, gigabyteSeconds: 2, writeUnits: 240, readUnits: 100, requests: 4 },
  shape: { tasks: 32, toolCalls: 12 },
};

describe('the bill of governed runs', () => {
  it('prices what one run uses, a thousand times', () => {
    const { items, perThousand } = billOf(measured);
    const costs = Object.fromEntries(items.map(({ name, perThousand: cost }) => [name, cost]));

    expect(costs.transitions).toBeCloseTo(0.275, 10);
    expect(costs.invocations).toBeCloseTo(0.0018, 10);
    expect(costs.gigabyteSeconds).toBeCloseTo(0.0066667, 7);
    expect(costs.writeUnits).toBeCloseTo(0.0375, 10);
    expect(costs.readUnits).toBeCloseTo(0.003125, 10);
    expect(costs.requests).toBeCloseTo(0.001, 10);
    expect(perThousand).toBeCloseTo(0.3250917, 7);
  });

  it('counts for others what they would charge for: a start and each task, or each tool call', () => {
    const peers = billOf(measured).peers.map(({ who, perRun, perThousand }) => [who, perRun, perThousand]);

    expect(peers).toEqual([
      ['Temporal Cloud', 9, 0.45],
      ['Bedrock AgentCore', 3, 0.09],
    ]);
  });
});
