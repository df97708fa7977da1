import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import type { Head } from '../../../local/states/record.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { machineOf } from './harness.ts';
import { asking, carryOn, type Process, replyOf, working } from './interruptions.ts';

vi.setConfig({ testTimeout: 180_000 }); // each test runs many executions, every step of them synced to disk

const scope = (states: JsonObject): JsonObject => ({ StartAt: Object.keys(states)[0] ?? '', States: states });

/** Branches in branches: with retries, waits, tokens, failures that are caught and failures that are tolerated. */
const machine = machineOf({
  Set: { Type: 'Pass', Assign: { base: 100 }, Next: 'All' },
  All: {
    Type: 'Parallel',
    Branches: [
      scope({
        Items: {
          Type: 'Map',
          Items: [0, 1, 2, 3],
          MaxConcurrency: 2,
          ItemSelector: { n: '{% $states.context.Map.Item.Value + $base %}' },
          ItemProcessor: scope({
            Flaky: working('{% "flaky" & $states.input.n %}', { flaky: 2 }, { Next: 'Split' }),
            Split: {
              Type: 'Parallel',
              Branches: [
                scope({ Left: working('{% "left" & $states.input.input.n %}') }),
                scope({
                  Pause: { Type: 'Wait', Seconds: 30, Next: 'Own' },
                  Own: { Type: 'Pass', Assign: { own: 1 }, End: true },
                }),
              ],
              End: true,
            },
          }),
          End: true,
        },
      }),
      scope({
        Ask: asking('first', { Next: 'Then' }),
        Then: working('then', {}, { Next: 'Again' }),
        Again: asking('second'),
      }),
      scope({
        Broken: working('broken', { broken: true }, { Catch: [{ ErrorEquals: ['Broken'], Next: 'Mended' }] }),
        Mended: { Type: 'Pass', Output: 'mended', End: true },
      }),
      scope({
        Some: {
          Type: 'Map',
          Items: ['good', 'bad', 'good'],
          ToleratedFailureCount: 1,
          ItemProcessor: scope({
            Look: {
              Type: 'Choice',
              Choices: [{ Condition: "{% $states.input = 'bad' %}", Next: 'Bad' }],
              Default: 'Good',
            },
            Bad: working('bad', { broken: true }, { Next: 'Good' }),
            Good: working('{% "good" & $states.input %}'),
          }),
          End: true,
        },
      }),
    ],
    Assign: { all: '{% $states.result %}' },
    Next: 'Last',
  },
  Last: working('last', {}, { Output: { all: '{% $all %}', last: '{% $states.result.Payload.of %}' } }),
});

const done = (name: string, input: unknown) => ({ of: name, input });
const EXPECTED = {
  all: [
    [100, 101, 102, 103].map((n) => [done(`left${n}`, done(`flaky${n}`, { n })), done(`flaky${n}`, { n })]),
    replyOf('second'),
    'mended',
    [done('goodgood', 'good'), { Status: 'FAILED', Error: 'Broken', Cause: 'always' }, done('goodgood', 'good')],
  ],
  last: 'last',
};

const whole = async (): Promise<Process & { tokens: ReadonlyMap<string, string> }> => {
  const tokens = new Map<string, string>();
  const process = await carryOn(machine, {}, tokens);
  if (process === undefined) throw new Error('the execution was not started');
  return { ...process, tokens };
};

/** The names in what branches gave that had ended. */
const endedIn = (lines: readonly string[]): ReadonlySet<string> => {
  const names = new Set<string>();
  for (const line of lines) {
    const head: Head = JSON.parse(line.split('\t')[1] ?? '');
    if (!('branches' in head)) continue;
    for (const node of Object.values(head.branches))
      if ('ended' in node) for (const [, name] of JSON.stringify(node).matchAll(/"of":"(\w+)"/g)) names.add(name ?? '');
  }
  return names;
};

describe('branches whose process died', () => {
  it('end as they would have, after any line: what had ended is not run again, and nothing is told twice', async () => {
    const { journal, outcome, steps, tokens, calls } = await whole();
    expect(outcome).toEqual(EXPECTED);
    const lines = journal.toString().split(/(?<=\n)/);
    expect(lines.length).toBeGreaterThan(30);
    const most = new Map(calls.map(({ of, tries = 0 }) => [`${of} ${tries}`, 0]));
    for (let kept = 3; kept <= lines.length; kept += 1) {
      const left = lines.slice(0, kept);
      const resumed = await carryOn(machine, {}, new Map(tokens), Buffer.from(left.join('')), 1);
      expect(resumed?.outcome).toEqual(EXPECTED);
      expect(resumed?.steps).toEqual(steps);
      const ended = endedIn(left);
      for (const { of, tries = 0 } of resumed?.calls ?? []) {
        expect(most.has(`${of} ${tries}`)).toBe(true);
        if (of !== 'goodgood') expect(ended).not.toContain(of);
      }
    }
  });

  it('survive a write that was cut at any byte', async () => {
    const { journal, steps, tokens } = await whole();
    const started = journal.indexOf('\n', journal.indexOf('"kind":"started"')) + 1;
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: started, max: journal.length }), fc.boolean(), async (length, zeros) => {
        const left = Buffer.concat([journal.subarray(0, length), Buffer.alloc(zeros ? 100 : 0)]);
        const resumed = await carryOn(machine, {}, new Map(tokens), left, 1);
        expect(resumed?.outcome).toEqual(EXPECTED);
        expect(resumed?.steps).toEqual(steps);
      }),
      { numRuns: 15 }
    );
  });
});

/** What a random machine is made of: a state, or states one after the other. */
type Plan =
  | { readonly kind: 'work'; readonly flaky: number; readonly fate: 'good' | 'caught' | 'broken' }
  | { readonly kind: 'ask' | 'wait' | 'assign' | 'fail' }
  | { readonly kind: 'parallel'; readonly branches: readonly (readonly Plan[])[]; readonly again: boolean }
  | {
      readonly kind: 'map';
      readonly items: number;
      readonly atOnce: number;
      readonly inner: readonly Plan[];
      readonly tolerant: boolean;
    };

const plans = fc.letrec<{ state: Plan; states: readonly Plan[] }>((tie) => ({
  state: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      kind: fc.constant('work' as const),
      flaky: fc.integer({ min: 0, max: 2 }),
      fate: fc.constantFrom('good', 'good', 'good', 'caught', 'broken'),
    }),
    fc.record({ kind: fc.constantFrom('ask', 'wait', 'assign', 'fail') }),
    fc.record({
      kind: fc.constant('parallel' as const),
      branches: fc.array(tie('states'), { minLength: 1, maxLength: 3 }),
      again: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('map' as const),
      items: fc.integer({ min: 0, max: 4 }),
      atOnce: fc.integer({ min: 0, max: 3 }),
      inner: tie('states'),
      tolerant: fc.boolean(),
    })
  ),
  states: fc.array(tie('state'), { minLength: 1, maxLength: 3 }),
}));

/** A state of the plan by its name, which goes on to `next`, or ends. */
const stateOf = (
  state: Plan,
  name: string,
  next: string | undefined,
  inner: (plan: readonly Plan[]) => JsonObject
): JsonObject => {
  const onward = next === undefined ? {} : { Next: next };
  const ended = next === undefined ? { End: true } : { Next: next };
  switch (state.kind) {
    case 'work':
      return working(
        name,
        { flaky: state.flaky, broken: state.fate !== 'good' },
        {
          ...onward,
          ...(state.fate === 'caught' ? { Catch: [{ ErrorEquals: ['Broken'], Next: `${name} mended` }] } : {}),
        }
      );
    case 'ask':
      return asking(name, onward);
    case 'wait':
      return { Type: 'Wait', Seconds: 30, ...ended };
    case 'assign':
      return { Type: 'Pass', Assign: { [name]: '{% $string($states.input) %}' }, ...ended };
    case 'fail':
      return { Type: 'Fail', Error: 'Broken', Cause: 'always' };
    case 'parallel': {
      const Retry = state.again ? [{ ErrorEquals: ['Broken'], MaxAttempts: 1 }] : [];
      return { Type: 'Parallel', Branches: state.branches.map(inner), Retry, ...ended };
    }
    case 'map': {
      const Items = Array.from({ length: state.items }, (_, item) => item);
      const ToleratedFailurePercentage = state.tolerant ? 100 : 0;
      return {
        Type: 'Map',
        Items,
        MaxConcurrency: state.atOnce,
        ItemProcessor: inner(state.inner),
        ToleratedFailurePercentage,
        ...ended,
      };
    }
  }
};

/** The states of a plan, by names that are unique in the machine. */
const statesOf = (whole: readonly Plan[], fresh: () => string): JsonObject => {
  const failsAt = whole.findIndex(({ kind }) => kind === 'fail');
  const plan = failsAt === -1 ? whole : whole.slice(0, failsAt + 1); // no state leads to what comes after
  const names = plan.map(fresh);
  const states: Record<string, JsonObject> = {};
  for (const [at, state] of plan.entries()) {
    const [name = '', next] = names.slice(at);
    states[name] = stateOf(state, name, next, (inner) => scope(statesOf(inner, fresh)));
    if (state.kind === 'work' && state.fate === 'caught')
      states[`${name} mended`] = { Type: 'Pass', ...(next === undefined ? { End: true } : { Next: next }) };
  }
  return states;
};

const machineFrom = (plan: readonly Plan[]) => {
  let names = 0;
  return machineOf(
    statesOf(plan, () => {
      names += 1;
      return `S${names}`;
    })
  );
};

it('any machine ends as if it had never been interrupted, however often it was', async () => {
  let interrupted = 0;
  await fc.assert(
    fc.asyncProperty(
      plans.states,
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 3 }),
      async (plan, deaths) => {
        const given = machineFrom(plan);
        const tokens = new Map<string, string>();
        const first = await carryOn(given, {}, tokens);
        let last = first;
        for (const [at, death] of deaths.entries()) {
          const journal = last?.journal ?? Buffer.alloc(0);
          const started = journal.indexOf('\n', journal.indexOf('"kind":"started"')) + 1;
          const length = started + Math.floor(death * (journal.length - started));
          last = await carryOn(given, {}, tokens, journal.subarray(0, length), at + 1);
          expect(last?.outcome).toEqual(first?.outcome);
          interrupted += 1;
        }
      }
    ),
    { numRuns: 15 }
  );
  expect(interrupted).toBeGreaterThan(14);
});
