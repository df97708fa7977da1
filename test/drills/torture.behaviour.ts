import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Item } from '../../drills/torture/evidence.ts';
import { type Found, violations } from '../../drills/torture/governance.ts';
import { type Report, torture } from '../../drills/torture/torture.ts';
import { hasDynoxide } from '../support/dynoxide.ts';

const KILLS = 5;
const TASKS = 30;
/** It waits for leases, where a kill came between a claim and its effect. */
const PATIENCE_MS = 240_000;

/** Changes the first item whose key begins so; `undefined` takes it away. */
const changing =
  (prefix: string, change: (item: Item) => Item | undefined, range: RegExp = /./) =>
  (found: Found): Found => {
    const at = found.evidence.items.findIndex(({ pk, sk }) => pk.startsWith(prefix) && range.test(sk));
    const changed = found.evidence.items.flatMap((item, index) => (index === at ? (change(item) ?? []) : [item]));
    return { ...found, evidence: { ...found.evidence, items: changed } };
  };

const content = (more: object) => (item: Item) => ({ ...item, content: { ...(item.content as object), ...more } });

describe.runIf(hasDynoxide)('a stack that is killed while it works', () => {
  let folder = '';
  let report: Report;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'writ-torture-'));
    report = await torture({ kills: KILLS, tasks: TASKS, seed: 7, folder, say: () => {} });
  }, PATIENCE_MS);
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('does in the end what it has accepted, each thing once, and can show it', () => {
    expect(report.violations).toEqual([]);
    expect(report.runs).toBe(TASKS);
    expect(Object.values(report.kills).reduce((sum, count) => sum + count)).toBe(KILLS);
    expect(report.writes).toBe(report.found.accepted.filter(({ task }) => task.outcome === 'completed').length);
  });

  /** Whoever finds nothing may not have looked. */
  it.each<[string, (found: Found) => Found, RegExp]>([
    [
      'an audit record was changed',
      changing('RUN#', content({ at: '2030-01-01T00:00:00.000Z' }), /^\d{8}$/),
      /was changed/,
    ],
    ['an audit record is gone', changing('RUN#', () => undefined, /^\d{8}$/), /is missing/],
    [
      'a control record was changed',
      changing('CONTROL#', content({ at: '2030-01-01T00:00:00.000Z' }), /^\d{8}$/),
      /was changed/,
    ],
    ['a run is gone', changing('RUN#', () => undefined, /^run$/), /is gone/],
    ['a run ended otherwise', changing('RUN#', content({ outcome: 'recorded' }), /^run$/), /is closed, recorded/],
    ['a run is open', changing('RUN#', content({ status: 'active' }), /^run$/), /is active/],
    [
      'a run took a step that its audit does not hold',
      changing('RUN#', content({ steps: { made: 1 } }), /^run$/),
      /took the steps made/,
    ],
    ['a writ is gone', changing('WRIT#', () => undefined), /there are writs for/],
    ['a claim is open', changing('CLAIM#', content({ status: 'executing' })), /the claim of WRIT#.* is executing/],
    ['a claim is gone', changing('CLAIM#', () => undefined), /was never claimed/],
    ['a claim is of something else', changing('CLAIM#', content({ digest: '' })), /is of something else/],
    [
      'an issue was changed twice',
      (found) => ({
        ...found,
        seen: { ...found.seen, writes: [...found.seen.writes, ...found.seen.writes.slice(0, 1)] },
      }),
      /was changed 2 times by 1 requests/,
    ],
    [
      'an issue was not changed',
      (found) => ({ ...found, seen: { ...found.seen, writes: found.seen.writes.slice(1) } }),
      /was changed 0 times/,
    ],
    [
      'a change has no writ',
      (found) => {
        const writes = found.seen.writes.map(({ extraData: _, ...write }) => write);
        return { ...found, seen: { ...found.seen, writes } };
      },
      /was changed by/,
    ],
    [
      'an execution is lost',
      (found) => ({ ...found, evidence: { ...found.evidence, executions: found.evidence.executions.slice(1) } }),
      /has not one execution/,
    ],
    [
      'an execution is doubled',
      (found) => {
        const { executions } = found.evidence;
        return { ...found, evidence: { ...found.evidence, executions: [...executions, ...executions.slice(0, 1)] } };
      },
      /has not one execution/,
    ],
    [
      'a history has a gap',
      (found) => {
        const executions = found.evidence.executions.map((one) => ({ ...one, history: one.history.toSpliced(4, 1) }));
        return { ...found, evidence: { ...found.evidence, executions } };
      },
      /the history of .*: event 5 has the id 6/,
    ],
  ])('would be found out where %s', (_, tampered, message) => {
    expect(violations(tampered(report.found)).join('\n')).toMatch(message);
  });
});
