import { AWS_PRICES, PEERS, type Price, type Shape, type Use, type Used } from './prices.ts';

export interface Measured {
  readonly runs: number;
  /** Of all runs together. */
  readonly use: Use;
  readonly shape: Shape;
}

export interface Item extends Price {
  readonly name: Used;
  /** Units of one run. */
  readonly perRun: number;
  /** Dollars of a thousand runs. */
  readonly perThousand: number;
}

export interface Bill {
  readonly items: readonly Item[];
  readonly perThousand: number;
  readonly peers: readonly {
    readonly who: string;
    readonly unit: string;
    readonly covers: string;
    readonly perRun: number;
    readonly perThousand: number;
  }[];
}

const NAMES = Object.keys(AWS_PRICES) as readonly Used[];
const dollarsOf = (perRun: number, perMillion: number): number => (perRun * 1_000 * perMillion) / 1_000_000;

/** What a thousand such runs cost at list prices, and what others would charge for theirs. */
export const billOf = ({ runs, use, shape }: Measured): Bill => {
  const items = NAMES.map((name): Item => {
    const price = AWS_PRICES[name];
    const perRun = use[name] / runs;
    return { ...price, name, perRun, perThousand: dollarsOf(perRun, price.perMillion) };
  });
  const ofOne = { tasks: shape.tasks / runs, toolCalls: shape.toolCalls / runs };
  return {
    items,
    perThousand: items.reduce((sum, { perThousand }) => sum + perThousand, 0),
    peers: PEERS.map(({ who, unit, covers, perMillion, unitsOf }) => {
      const perRun = unitsOf(ofOne);
      return { who, unit, covers, perRun, perThousand: dollarsOf(perRun, perMillion) };
    }),
  };
};
