import { describe, expect, it } from 'vitest';
import { Agenda } from '../../bench/contention/agenda.ts';
import { simulate } from '../../bench/contention/simulate.ts';
import { type Outcome, SimulatedTable } from '../../bench/contention/table.ts';
import { CONTROL_SHARDS } from '../../lambdas/core/gate/controls.ts';
import { SHARD_PER_SECOND } from '../../lambdas/core/limits/limit.ts';

const aTable = () => {
  const agenda = new Agenda();
  const table = new SimulatedTable(agenda, { commit: () => 10, cancel: () => 5 });
  const answers: (readonly [number, string, Outcome])[] = [];
  const at = (ms: number, name: string, items: readonly string[]) =>
    agenda.plan(ms, () => table.transact(items, (outcome) => answers.push([agenda.now, name, outcome])));
  return { agenda, at, answers };
};

const traffic = { tenants: 1, tenantShards: 32, shards: 32, perSecond: 100, seconds: 10 };

describe('a simulated table', () => {
  it('cancels what names an item of an ongoing transaction, and nothing else', () => {
    const { agenda, at, answers } = aTable();
    at(0, 'first', ['a', 'b']);
    at(1, 'same', ['b', 'c']);
    at(2, 'other', ['d']);
    at(11, 'after', ['a', 'b']);
    agenda.run(100);
    expect(answers).toEqual([
      [6, 'same', 'conflict'],
      [10, 'first', 'committed'],
      [12, 'other', 'committed'],
      [21, 'after', 'committed'],
    ]);
  });

  it('takes what a cancelled transaction found free for ongoing until it is answered', () => {
    const { agenda, at, answers } = aTable();
    at(0, 'first', ['a']);
    at(1, 'cancelled', ['a', 'b']);
    at(2, 'third', ['b']);
    at(7, 'fourth', ['b']);
    agenda.run(100);
    expect(answers.map(([, name, outcome]) => [name, outcome])).toEqual([
      ['cancelled', 'conflict'],
      ['third', 'conflict'],
      ['first', 'committed'],
      ['fourth', 'committed'],
    ]);
  });

  it('gives an item 1,000 write units a second, two for each transaction, also for one that is cancelled', () => {
    const { agenda, at, answers } = aTable();
    for (let tries = 0; tries < 600; tries += 1) at(0, `${tries}`, ['a']);
    at(500, 'same second', ['a']);
    at(1_000, 'next second', ['a']);
    agenda.run(2_000);
    expect(answers.slice(-2)).toEqual([
      [505, 'same second', 'throttled'],
      [1_010, 'next second', 'committed'],
    ]);
  });
});

describe('contention', () => {
  it('gives what it gave before', () => {
    expect(simulate(traffic)).toEqual(simulate(traffic));
  });

  it('falls with more shards, and breaks a single item down long before 100 actions a second', () => {
    const [one, four, sixteen] = [1, 4, 16].map((shards) => simulate({ ...traffic, shards, tenantShards: shards }));
    expect(one?.done).toBeLessThan(0.5);
    expect(four?.conflicts).toBeGreaterThan(sixteen?.conflicts ?? 1);
    expect(sixteen?.done).toBe(1);
  });

  it.each([100, 1_000])('is as the defaults take it to be at %i actions a second', (perSecond) => {
    const shards = Math.ceil(perSecond / SHARD_PER_SECOND);
    const { done, conflicts, p95Ms } = simulate({ ...traffic, perSecond, shards, tenantShards: shards });
    expect(done).toBe(1);
    expect(conflicts).toBeLessThan(0.25);
    expect(p95Ms).toBeLessThan(80);
  });

  it('leaves controls fit for 250 actions a second', () => {
    const shards = CONTROL_SHARDS.length;
    const { done, conflicts } = simulate({ ...traffic, perSecond: 250, shards, tenantShards: shards });
    expect(done).toBe(1);
    expect(conflicts).toBeLessThan(0.25);
  });
});
