import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { Connection, Operation } from '../../../lambdas/adapters/dynamodb/connection.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { type EntryKey, entryKey, MAX_ENTRY_BYTES } from '../../../lambdas/core/cache/cache.ts';
import { type Made, type Memory, once, recall } from '../../../lambdas/core/cache/once.ts';
import { Retryable } from '../../../lambdas/core/errors.ts';
import { AT } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { aMemory } from '../../support/memory.ts';

const WITHIN_MS = 10_000;
const terms = { schema: z.string(), keepSeconds: 60, withinMs: WITHIN_MS };
const later = (ms: number) => () => new Date(AT.getTime() + ms);

let keysGiven = 0;
const aKey = (): EntryKey => {
  keysGiven += 1;
  return entryKey({ kind: 'reading', writer: 'jira:read', tenant: 'acme', of: { keysGiven } });
};

describe.skipIf(!hasDynoxide)('an answer that may be given again', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const stored = async (key: EntryKey) => dynamoTable(dynoxide.connection, dynoxide.state).get(keys.cache(key));
  const put = (key: EntryKey, content: unknown) =>
    dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.cache(key), content });
  const says = (text: string, keep: string | undefined = text) => {
    const asked: number[] = [];
    const make = async (withinMs: number): Promise<Made<string, string>> => {
      asked.push(withinMs);
      return { made: text, keep };
    };
    return { make, asked };
  };
  const ask = async (memory: Memory, key: EntryKey, make: ReturnType<typeof says>['make']) => {
    const given = await once(memory, key, terms, make);
    return given.kind === 'made' ? given.made : { again: given.recalled.value, at: given.recalled.at };
  };

  it('is given again until its time is over, and then asked for again', async () => {
    const key = aKey();
    const [first, second, third] = [says('one'), says('two'), says('three')];
    expect(await ask(aMemory(dynoxide).memory, key, first.make)).toBe('one');
    const almost = aMemory(dynoxide, { now: later(59_999) }).memory;
    expect(await ask(almost, key, second.make)).toEqual({ again: 'one', at: AT.toISOString() });
    expect(await recall(almost, key, z.string())).toEqual({ value: 'one', at: AT.toISOString() });
    expect((await stored(key))?.expiresAt).toBe(AT.getTime() / 1_000 + 60);

    // DynamoDB deletes late: it still lies there
    const over = aMemory(dynoxide, { now: later(60_000) });
    expect(await recall(over.memory, key, z.string())).toBeUndefined();
    expect(await ask(over.memory, key, third.make)).toBe('three');
    expect([first.asked, second.asked, third.asked]).toEqual([[WITHIN_MS], [], [WITHIN_MS]]);
    expect(over.faults).toEqual([]);
  });

  /** Has so many ask at once. The answers, in the order in which they are asked for, may be kept or not, or fail. */
  const askAtOnce = async (howMany: number, outcomes: readonly ('keep' | 'drop' | 'fail')[]) => {
    const key = aKey();
    let [asked, atOnce, mostAtOnce] = [0, 0, 0];
    const everybodyElseWaits = Promise.withResolvers<void>();
    const waiting = new Set<number>();
    const make = async (): Promise<Made<string, string>> => {
      const turn = asked;
      asked += 1;
      atOnce += 1;
      mostAtOnce = Math.max(mostAtOnce, atOnce);
      if (turn === 0) await everybodyElseWaits.promise;
      await new Promise((resolve) => setImmediate(resolve));
      atOnce -= 1;
      const outcome = outcomes[turn] ?? 'drop';
      if (outcome === 'fail') throw new Retryable('not now');
      return { made: `answer ${turn}`, keep: outcome === 'keep' ? `answer ${turn}` : undefined };
    };
    const answers = await Promise.allSettled(
      Array.from({ length: howMany }, (_, who) => {
        const onWait = () => {
          if (waiting.add(who).size >= howMany - 1) everybodyElseWaits.resolve();
        };
        if (howMany === 1) everybodyElseWaits.resolve();
        // no clock passes, and the patience is more than all pauses come to
        return once(aMemory(dynoxide, { onWait }).memory, key, { ...terms, withinMs: 3_600_000 }, make);
      })
    );
    return { answers, asked, mostAtOnce };
  };

  it('is asked for once, however many want it at the same time', async () => {
    const { answers, asked } = await askAtOnce(16, ['keep']);
    expect(asked).toBe(1);
    const kinds = answers.map((answer) => answer.status === 'fulfilled' && answer.value.kind);
    expect(kinds.filter((kind) => kind === 'made')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'recalled')).toHaveLength(15);
  });

  it('is asked for by one after the other, until it is one that may be kept', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.constantFrom('keep', 'drop', 'fail'), { maxLength: 6 }),
        async (howMany, outcomes) => {
          const { answers, asked, mostAtOnce } = await askAtOnce(howMany, outcomes);
          const firstKept = outcomes.indexOf('keep');
          expect(asked).toBe(firstKept === -1 ? howMany : Math.min(howMany, firstKept + 1));
          expect(mostAtOnce).toBe(1);
          const failed = answers.filter(({ status }) => status === 'rejected').length;
          expect(failed).toBe(outcomes.slice(0, asked).filter((outcome) => outcome === 'fail').length);
        }
      ),
      { numRuns: 25 }
    );
  });

  describe('whose owner died', () => {
    const abandoned = async () => {
      const key = aKey();
      const until = later(WITHIN_MS)().toISOString();
      const { memory } = aMemory(dynoxide);
      expect(await memory.cache.take(key, { state: 'leased', token: 'dead', until }, AT)).toBeUndefined();
      return key;
    };

    it('is waited for during half of the time, then asked for by oneself and not kept', async () => {
      const key = await abandoned();
      const [first, second] = [says('one'), says('two')];
      expect(await ask(aMemory(dynoxide).memory, key, first.make)).toBe('one');
      expect(await ask(aMemory(dynoxide).memory, key, second.make)).toBe('two');
      for (const leftMs of [...first.asked, ...second.asked]) {
        expect(leftMs).toBeGreaterThanOrEqual(WITHIN_MS / 2);
        expect(leftMs).toBeLessThan(WITHIN_MS / 2 + 250); // the longest pause
      }
    });

    it.each([
      ['shortest', 0, [25, 50, 100, 125, 125]],
      ['longest', 1 - Number.EPSILON, [50, 100, 200, 250, 250]],
    ] as const)('is looked for after pauses that double, the %s of which are known', async (_, random, pauses) => {
      const key = await abandoned();
      const waits: number[] = [];
      const { memory } = aMemory(dynoxide, { random: () => random, onWait: (ms) => void waits.push(ms) });
      await ask(memory, key, says('one').make);
      expect(waits.slice(0, pauses.length)).toEqual(pauses);
      const waited = waits.reduce((sum, ms) => sum + ms, 0);
      expect(waited).toBeLessThanOrEqual(WITHIN_MS / 2);
      expect(waited + (waits.at(-1) ?? 0)).toBeGreaterThan(WITHIN_MS / 2);
    });

    it.each([
      ['exactly as long as', 100, [50]],
      ['less than', 99, []],
    ] as const)('is waited for where half of the time is %s a pause', async (_, withinMs, pauses) => {
      const key = await abandoned();
      const waits: number[] = [];
      const { memory } = aMemory(dynoxide, { random: () => 1 - Number.EPSILON, onWait: (ms) => void waits.push(ms) });
      await once(memory, key, { ...terms, withinMs }, says('one').make);
      expect(waits).toEqual(pauses);
    });

    it('has a lease as long as who asks has time, and a second to keep it', async () => {
      const leaseOf = (key: EntryKey, memory: Memory) => {
        const { promise, resolve } = Promise.withResolvers<unknown>();
        const make = async () => {
          resolve((await stored(key))?.content);
          return { made: 'one', keep: 'one' };
        };
        return Promise.all([promise, ask(memory, key, make)]).then(([lease]) => lease);
      };
      const least = aMemory(dynoxide);
      expect(await leaseOf(aKey(), least.memory)).toMatchObject({
        state: 'leased',
        until: later(WITHIN_MS + 1_000)().toISOString(),
      });
      // somebody gave up after the first pause, of 50 ms at most: so much less time is left
      const key = aKey();
      const { cache } = least.memory;
      await cache.take(key, { state: 'leased', token: 'other', until: later(WITHIN_MS)().toISOString() }, AT);
      const waiting = aMemory(dynoxide, { random: () => 0 }).memory;
      const memory = {
        ...waiting,
        wait: async () => {
          await cache.replace(key, 'other', { state: 'leased', token: 'other', until: AT.toISOString() });
        },
      };
      expect(await leaseOf(key, memory)).toMatchObject({ until: later(WITHIN_MS + 1_000 - 25)().toISOString() });
    });

    it('is none yet for whoever only looks', async () => {
      const key = await abandoned();
      const { memory, faults } = aMemory(dynoxide);
      expect(await recall(memory, key, z.string())).toBeUndefined();
      expect(faults).toEqual([]);
    });

    it('is asked for at once after the lease, and kept', async () => {
      const key = await abandoned();
      let waits = 0;
      const { memory } = aMemory(dynoxide, { now: later(WITHIN_MS), onWait: () => (waits += 1) });
      expect(await ask(memory, key, says('one').make)).toBe('one');
      expect(await ask(memory, key, says('two').make)).toMatchObject({ again: 'one' });
      expect(waits).toBe(0);
    });
  });

  it('that comes after its lease was over is kept, unless somebody else has asked meanwhile', async () => {
    const isLate = async (meanwhile: (key: EntryKey) => Promise<unknown>) => {
      const key = aKey();
      let at = AT;
      const { memory, faults } = aMemory(dynoxide, { now: () => at });
      const mine = await ask(memory, key, async () => {
        at = later(2 * WITHIN_MS)();
        await meanwhile(key);
        return { made: 'late', keep: 'late' };
      });
      expect([mine, faults]).toEqual(['late', []]);
      return recall(memory, key, z.string());
    };
    expect(await isLate(async () => undefined)).toMatchObject({ value: 'late' });
    const other = (key: EntryKey) =>
      ask(aMemory(dynoxide, { now: later(2 * WITHIN_MS) }).memory, key, says('theirs').make);
    expect(await isLate(other)).toMatchObject({ value: 'theirs' });
  });

  it('is not kept where it is too large', async () => {
    const key = aKey();
    const { memory, faults } = aMemory(dynoxide);
    const [fits, large] = [MAX_ENTRY_BYTES - 2, MAX_ENTRY_BYTES - 1].map((length) => 'x'.repeat(length));
    await ask(memory, key, says(large ?? '').make);
    expect(await recall(memory, key, z.string())).toBeUndefined();
    await ask(memory, key, says(fits ?? '').make);
    expect(await recall(memory, key, z.string())).toMatchObject({ value: fits });
    expect(faults).toEqual([]);
  });

  describe('from a cache that is of no use', () => {
    const until = later(60_000)().toISOString();
    const kept = { state: 'kept', at: AT.toISOString(), until };
    it.each([
      ['of another shape', { ...kept, json: '{"another":"shape"}' }],
      ['that is too large', { ...kept, json: JSON.stringify('x'.repeat(MAX_ENTRY_BYTES)) }],
      ['that is no JSON', { ...kept, json: 'not JSON' }],
      ['of another layout', { value: 'one', until }],
      ['that is no record', 'one'],
    ])('is asked for where there is an entry %s', async (_, content) => {
      const key = aKey();
      await put(key, content);
      const { memory, faults } = aMemory(dynoxide);
      expect(await recall(memory, key, z.string())).toBeUndefined();
      expect(await ask(memory, key, says('own').make)).toBe('own');
      expect(faults).toEqual(['recalling', 'waiting']);
    });

    const failing = (fails: (operation: Operation, turn: number) => boolean): Connection => {
      let turn = 0;
      return {
        call: (operation, input) => {
          turn += 1;
          if (fails(operation, turn)) return Promise.reject(new Retryable('throttled'));
          return dynoxide.connection.call(operation, input);
        },
      };
    };
    it.each([
      ['cannot be read', failing((operation) => operation === 'GetItem'), ['recalling']],
      ['cannot be written', failing((operation) => operation === 'PutItem'), ['waiting', 'keeping']],
      ['cannot be written any more', failing((_, turn) => turn > 2), ['keeping']],
    ] as const)('is asked for, told of, and no fault where it %s', async (_, connection, told) => {
      const key = aKey();
      const { memory, faults } = aMemory(dynoxide, { connection });
      expect(await recall(memory, key, z.string())).toBeUndefined();
      expect(await ask(memory, key, says('own').make)).toBe('own');
      expect(faults).toEqual(told);
    });

    it('is asked for where the cache breaks off while others are waited for', async () => {
      const key = aKey();
      await aMemory(dynoxide).memory.cache.take(key, { state: 'leased', token: 'other', until }, AT);
      const { memory, faults } = aMemory(dynoxide, { connection: failing((operation) => operation === 'GetItem') });
      expect(await ask(memory, key, says('own').make)).toBe('own');
      expect(faults).toEqual(['waiting']);
    });

    it('is kept though nobody heard that its lease was taken, so that nobody waits for nothing', async () => {
      const key = aKey();
      let calls = 0;
      const lost: Connection = {
        call: async (operation, input) => {
          const answer = await dynoxide.connection.call(operation, input);
          calls += 1;
          if (calls === 1) throw new Retryable('cut off');
          return answer;
        },
      };
      const { memory, faults } = aMemory(dynoxide, { connection: lost });
      expect(await ask(memory, key, says('own').make)).toBe('own');
      expect(await ask(aMemory(dynoxide).memory, key, says('another').make)).toMatchObject({ again: 'own' });
      expect(faults).toEqual(['waiting']);
    });

    it('has half of the time left, however long the cache took', async () => {
      for (const fails of [true, false]) {
        let at = AT;
        const connection: Connection = {
          call: (operation, input) => {
            at = new Date(at.getTime() + 2 * WITHIN_MS);
            return fails ? Promise.reject(new Retryable('slow')) : dynoxide.connection.call(operation, input);
          },
        };
        const own = says('own');
        expect(await ask(aMemory(dynoxide, { connection, now: () => at }).memory, aKey(), own.make)).toBe('own');
        expect(own.asked).toEqual([WITHIN_MS / 2]);
      }
    });

    it('has its lease where the answer to taking it was lost', async () => {
      const key = aKey();
      const { cache } = aMemory(dynoxide).memory;
      const lease = { state: 'leased', token: 'mine', until } as const;
      expect(await cache.take(key, lease, AT)).toBeUndefined();
      expect(await cache.take(key, lease, AT)).toBeUndefined();
      expect(await cache.take(key, { ...lease, token: 'yours' }, AT)).toEqual(lease);
    });
  });
});
