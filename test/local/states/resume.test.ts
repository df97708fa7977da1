import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Invoke } from '../../../local/states/attempt.ts';
import { systemClock } from '../../../local/states/clock.ts';
import { TaskFailure } from '../../../local/states/failure.ts';
import { type Head, type Position, ROOT } from '../../../local/states/record.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import {
  arnOf,
  type Bench,
  functionArn,
  invoking,
  MACHINE_ARN,
  machineOf,
  openBench,
  outputOf,
  temporaryFolder,
  until,
} from './harness.ts';

/** A run through every kind of state and every kind of pause. */
const machine = machineOf({
  First: invoking('first', { Assign: { first: '{% $states.result.Payload %}' }, Next: 'Pick' }),
  Pick: { Type: 'Choice', Choices: [{ Condition: "{% $first = 'one' %}", Assign: { picked: true }, Next: 'Pause' }] },
  Pause: { Type: 'Wait', Seconds: 30, Next: 'Ask' },
  Ask: invoking('ask', {
    Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
    Arguments: { FunctionName: functionArn('ask'), Payload: '{% $states.context.Task.Token %}' },
    Assign: { reply: '{% $states.result %}' },
    Output: null,
    TimeoutSeconds: 99_999_999,
    Next: 'Flaky',
  }),
  Flaky: invoking('flaky', { Retry: [{ ErrorEquals: ['Retryable'] }], Next: 'Broken' }),
  Broken: invoking('broken', {
    Catch: [{ ErrorEquals: ['Terminal'], Output: '{% $states.errorOutput.Error %}', Next: 'Last' }],
  }),
  Last: invoking('last', {
    Output: { seen: '{% $states.input %}', first: '{% $first %}', picked: '{% $picked %}', reply: '{% $reply %}' },
  }),
});
const EXPECTED = { seen: 'Terminal', first: 'one', picked: true, reply: 'yes' };

const START = 1_700_000_000_000;
const A_DAY_LATER = START + 86_400_000;

/** Every reading is half a minute later, so that no pause takes time. */
const leapingClock = (from: number) => {
  let now = from;
  return () => {
    now += 31_000;
    return now;
  };
};

const functions = (tokens: Set<string>) => {
  let flaky = 0;
  return {
    first: () => 'one',
    ask: (token: unknown) => {
      tokens.add(String(token));
      return null;
    },
    flaky: () => {
      flaky += 1;
      if (flaky === 1) throw new TaskFailure('Retryable', 'once');
      return 'well';
    },
    broken: () => {
      throw new TaskFailure('Terminal', 'always');
    },
    last: () => 'done',
  };
};

/** Answers every token that is known, until the execution ends. */
const finish = async (bench: Bench, tokens: ReadonlySet<string>): Promise<unknown> => {
  while (bench.states.describe(arnOf('run')).status === 'RUNNING') {
    for (const token of tokens) await bench.states.sendTaskSuccess(token, '"yes"').catch(() => {});
    await new Promise((resolve) => setImmediate(resolve));
  }
  return outputOf(bench.states.describe(arnOf('run')));
};

/** How many of the run's calls are answered at a position. A resumed process has a fresh `flaky`, which fails once more. */
const callsBefore = ({ state, phase }: Position): number => {
  const isCalled = phase.kind === 'submitted' || phase.kind === 'answered';
  return { First: 0, Pick: 1, Pause: 1, Ask: isCalled ? 2 : 1, Flaky: 2, Broken: 4, Last: 5 }[state] ?? Number.NaN;
};

/** Where the root stands after a line. */
const rootOf = ({ branches }: Extract<Head, { kind: 'started' | 'moved' }>): Position => {
  const root = branches[ROOT];
  if (root === undefined || 'ended' in root) throw new Error('the line does not say where the execution stands');
  return root;
};

const nameOf = ({ functionArn: arn }: Parameters<Invoke>[0]): string => arn.split(':')[6] ?? '';

/** The journal of one whole run, and the tokens that it gave out. */
const wholeRun = async (): Promise<{ journal: Buffer; tokens: Set<string> }> => {
  const tokens = new Set<string>();
  const bench = await openBench(machine, functions(tokens), { clock: systemClock(leapingClock(START)) });
  await bench.start('run');
  expect(await finish(bench, tokens)).toEqual(EXPECTED);
  expect(bench.calls.map(nameOf)).toEqual(['first', 'ask', 'flaky', 'flaky', 'broken', 'last']);
  await bench.states.close();
  return { journal: await readFile(bench.journal), tokens };
};

/** Opens what is left of a journal; gives the calls that it took to end, or undefined where the start is lost. */
const resume = async (left: Buffer, tokens: ReadonlySet<string>): Promise<readonly string[] | undefined> => {
  const journal = join(await temporaryFolder(), 'journal');
  await writeFile(journal, left);
  const known = new Set(tokens);
  const bench = await openBench(machine, functions(known), { journal, clock: systemClock(leapingClock(A_DAY_LATER)) });
  if (bench.states.list(MACHINE_ARN).length === 0) return undefined;
  expect(await finish(bench, known)).toEqual(EXPECTED);
  const ids = bench.states.history(arnOf('run')).map(({ id }) => id);
  expect(ids).toEqual(ids.map((_, at) => at + 1));
  await bench.states.close();
  return bench.calls.map(nameOf);
};

describe('an execution whose process died', () => {
  it('ends as it would have, calling again no more than the task that was under way, after any line', async () => {
    const { journal, tokens } = await wholeRun();
    const lines = journal.toString().split(/(?<=\n)/);
    const all = ['first', 'ask', 'flaky', 'flaky', 'broken', 'last'];
    let found = 0;
    for (let kept = 0; kept <= lines.length; kept += 1) {
      const calls = await resume(Buffer.from(lines.slice(0, kept).join('')), tokens);
      const last: Head | undefined = kept === 0 ? undefined : JSON.parse(lines[kept - 1]?.split('\t')[1] ?? '');
      if (last === undefined || last.kind === 'journal' || last.kind === 'machine') expect(calls).toBeUndefined();
      else expect(calls).toEqual('branches' in last ? all.slice(callsBefore(rootOf(last))) : []);
      found += calls === undefined ? 0 : 1;
    }
    expect(found).toBeGreaterThan(10);
  });

  it('survives a write that was cut at any byte', async () => {
    const { journal, tokens } = await wholeRun();
    const started = journal.indexOf('\n', journal.indexOf('"kind":"started"')) + 1;
    await fc.assert(
      fc.asyncProperty(fc.nat(journal.length), fc.boolean(), async (length, zeros) => {
        const left = Buffer.concat([journal.subarray(0, length), Buffer.alloc(zeros ? 100 : 0)]);
        expect((await resume(left, tokens)) === undefined).toBe(length < started);
      }),
      { numRuns: 40 }
    );
  });

  it('may die again and again, at the same place', async () => {
    const { journal, tokens } = await wholeRun();
    const lines = journal.toString().split(/(?<=\n)/);
    const file = join(await temporaryFolder(), 'journal');
    await writeFile(file, lines.slice(0, 4).join(''));
    for (let deaths = 0; deaths < 3; deaths += 1) {
      const never = () => new Promise<never>(() => {});
      const bench = await openBench(
        machine,
        { first: never, ask: never },
        { journal: file, clock: systemClock(leapingClock(A_DAY_LATER)) }
      );
      await bench.states.close();
    }
    expect(await resume(await readFile(file), tokens)).toEqual(['first', 'ask', 'flaky', 'flaky', 'broken', 'last']);
  });

  it('keeps the definition that it was started with', async () => {
    const never = () => new Promise<never>(() => {});
    const before = await openBench(machineOf({ T: invoking('f', { Output: 'old' }) }), { f: never });
    await before.start('run');
    await before.states.close();
    const after = await openBench(
      machineOf({ U: invoking('g', { Output: 'new' }) }),
      { f: () => 1, g: () => 1 },
      { journal: before.journal }
    );
    expect(outputOf(await after.ended(arnOf('run')))).toBe('old');
  });

  it.each([
    ['is early', 3_600, 3_599, 'RUNNING'],
    ['has passed', 3_600, 3_600, 'SUCCEEDED'],
    ['is later than its time allows', 9_000, 7_200, 'TIMED_OUT'],
  ])('keeps the end of its time, and of a wait that %s', async (_, Seconds, afterSeconds, status) => {
    const waiting = machineOf({ W: { Type: 'Wait', Seconds, End: true } }, { TimeoutSeconds: 7_200 });
    const before = await openBench(waiting, {}, { clock: systemClock(() => 0) });
    await before.start('run');
    await until(() => readFileSync(before.journal, 'utf8').includes(`"untilMs":${Seconds}000`));
    await before.states.close();

    const after = await openBench(
      waiting,
      {},
      { journal: before.journal, clock: systemClock(() => afterSeconds * 1_000) }
    );
    if (status !== 'RUNNING') await after.ended(arnOf('run'));
    expect(after.states.describe(arnOf('run')).status).toBe(status);
  });
});

describe('what is on disk', () => {
  const kindsIn = (file: string): readonly JsonObject[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line.split('\t')[1] ?? ''));

  const rootIn = (file: string): unknown => (kindsIn(file).at(-1)?.branches as JsonObject | undefined)?.[ROOT];

  it('is each call before it is made, and each end before it is told', async () => {
    const seen: unknown[] = [];
    let journal = '';
    const bench = await openBench(
      machineOf({ A: invoking('a', { Next: 'B' }), B: invoking('b') }),
      {
        a: () => {
          seen.push(rootIn(journal));
          return 1;
        },
        b: () => {
          seen.push(rootIn(journal));
          return 2;
        },
      },
      {
        onStatusChange: ({ status }) =>
          void seen.push(
            status,
            kindsIn(journal).some(({ kind }) => kind === 'ended')
          ),
      }
    );
    journal = bench.journal;
    expect((await bench.run()).status).toBe('SUCCEEDED');
    expect(kindsIn(journal).at(-1)).toMatchObject({ kind: 'ended' });
    await bench.states.close();
    expect(seen).toMatchObject([
      'RUNNING',
      false,
      { state: 'A', phase: { kind: 'scheduled' } },
      { state: 'B', phase: { kind: 'scheduled' } },
      'SUCCEEDED',
      true,
    ]);
  });

  it('is told again after a restart, where whoever was told had failed', async () => {
    const told: string[] = [];
    const telling = (status: string): void => {
      told.push(status);
    };
    const first = await openBench(
      machineOf({ S: { Type: 'Succeed' } }),
      {},
      { onStatusChange: () => Promise.reject(new Error('down')) }
    );
    await first.run();
    await first.states.close();
    for (let opened = 0; opened < 2; opened += 1) {
      const { journal } = first;
      const bench = await openBench(machineOf({}), {}, { journal, onStatusChange: ({ status }) => telling(status) });
      await bench.states.close();
    }
    expect(told).toEqual(['SUCCEEDED']);
  });
});
