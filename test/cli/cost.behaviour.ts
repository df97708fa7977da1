import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Bill } from '../../cli/cost/bill.ts';

const WRIT = fileURLToPath(new URL('../../bin/writ.ts', import.meta.url));
const PATIENCE_MS = 300_000;

describe('writ cost', () => {
  it('counts what governed runs use, the same of each', { timeout: PATIENCE_MS }, async () => {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, [WRIT, 'cost', '--runs', '3', '--json']);
    const { runs, items, perThousand, peers } = JSON.parse(stdout) as Bill & { readonly runs: number };
    const perRun = Object.fromEntries(items.map((item) => [item.name, item.perRun]));

    expect(stderr).toBe('');
    expect(runs).toBe(3);
    // a state machine that reads, decides, writes, reads back and verifies; a function for each task, and the API's
    expect(perRun.transitions).toBeGreaterThanOrEqual(8);
    expect(perRun.transitions).toSatisfy(Number.isInteger);
    expect(perRun.invocations).toBeLessThan(Number(perRun.transitions));
    // the writ's own transaction: writ, run, audit, four stops
    expect(perRun.writeUnits).toBeGreaterThan(14);
    expect(perRun.readUnits).toBeGreaterThan(0);
    expect(perThousand).toBeCloseTo(
      items.reduce((sum, item) => sum + item.perThousand, 0),
      10
    );
    expect(peers.find(({ who }) => who === 'Bedrock AgentCore')?.perRun, 'two reads and a write').toBe(3);
  });
});
