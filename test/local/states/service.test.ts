import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../local/states/clock.ts';
import { noJournal } from '../../../local/states/journal.ts';
import { openStates } from '../../../local/states/service.ts';
import { arnOf, invoking, MACHINE_ARN, machineOf, openBench, until } from './harness.ts';

const machine = machineOf({ T: invoking('f') });
const never = { f: () => new Promise<never>(() => {}) };
const good = { f: () => 'good' };

describe('StartExecution', () => {
  it('gives the running execution to a repeated start with the same input, whatever its layout', async () => {
    const bench = await openBench(machine, never);
    const [first, second] = await Promise.all(
      ['{"a":1}', '{ "a": 1 }'].map((input) => bench.states.start({ stateMachineArn: MACHINE_ARN, name: 'run', input }))
    );
    expect(second).toEqual(first);
    expect(bench.states.counters().started).toBe(1);
  });

  it('refuses the name for another input, and once its execution has ended', async () => {
    const bench = await openBench(machine, good);
    const arn = await bench.start('run', { a: 1 });
    await expect(bench.start('run', { a: 2 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
    await bench.ended(arn);
    await expect(bench.start('run', { a: 1 })).rejects.toMatchObject({ name: 'ExecutionAlreadyExists' });
  });

  it.each([
    ['', '{}', 'InvalidName'],
    ['a'.repeat(81), '{}', 'InvalidName'],
    ['a b', '{}', 'InvalidName'],
    ['a:b', '{}', 'InvalidName'],
    ['run', '{', 'InvalidExecutionInput'],
    ['run', `${'['.repeat(1001)}${']'.repeat(1001)}`, 'InvalidExecutionInput'],
    ['run', `${'['.repeat(100_000)}${']'.repeat(100_000)}`, 'InvalidExecutionInput'],
    ['run', JSON.stringify('x'.repeat(300_000)), 'InvalidExecutionInput'],
  ])('refuses the name %j with the input %.9s: %s', async (name, input, error) => {
    const bench = await openBench(machine, good);
    await expect(bench.states.start({ stateMachineArn: MACHINE_ARN, name, input })).rejects.toMatchObject({
      name: error,
    });
  });

  it('knows the machine, or says that there is none', async () => {
    const bench = await openBench(machine, good);
    const stateMachineArn = 'arn:aws:states:us-east-1:123456789012:stateMachine:Other';
    const none = { name: 'StateMachineDoesNotExist' };
    await expect(bench.states.start({ stateMachineArn, name: 'run', input: '{}' })).rejects.toMatchObject(none);
    expect(() => bench.states.list(stateMachineArn)).toThrow(expect.objectContaining(none));
  });

  it('hands the trace on that it was given', async () => {
    const bench = await openBench(machine, good);
    const traceHeader = 'Root=1-00000000-000000000000000000000000;Sampled=0';
    await bench.states.start({ stateMachineArn: MACHINE_ARN, name: 'run', input: '{}', traceHeader });
    await bench.ended(arnOf('run'));
    expect(bench.calls[0]?.traceHeader).toBe(traceHeader);
  });
});

it('describes an execution, and lists the latest start first, by machine and by version', async () => {
  const bench = await openBench(machine, good, { clock: systemClock(() => 1_000) });
  await bench.ended(await bench.start('one', { n: 1 }));
  await bench.ended(await bench.start('two'));
  const unqualified = MACHINE_ARN.replace(/:1$/, '');
  expect(bench.states.describe(arnOf('one'))).toEqual({
    executionArn: arnOf('one'),
    stateMachineArn: unqualified,
    stateMachineVersionArn: MACHINE_ARN,
    name: 'one',
    status: 'SUCCEEDED',
    startDate: 1_000,
    stopDate: 1_000,
    traceHeader: expect.stringMatching(/^Root=1-00000001-[0-9a-f]{24};Sampled=1$/),
    input: '{"n":1}',
    output: '"good"',
  });
  for (const arn of [MACHINE_ARN, unqualified])
    expect(bench.states.list(arn).map(({ name }) => name)).toEqual(['two', 'one']);
});

it.each([
  ['arn:aws:states:us-east-1:123456789012:execution:Test:gone', 'ExecutionDoesNotExist'],
  [MACHINE_ARN, 'InvalidArn'],
  ['', 'InvalidArn'],
])('says of %j: %s', async (arn, name) => {
  const bench = await openBench(machine, good);
  expect(() => bench.states.describe(arn)).toThrow(expect.objectContaining({ name }));
  expect(() => bench.states.history(arn)).toThrow(expect.objectContaining({ name }));
  await expect(bench.states.stop(arn)).rejects.toMatchObject({ name });
});

describe('StopExecution', () => {
  it('aborts what runs, and leaves alone what has ended', async () => {
    const bench = await openBench(machine, never);
    const arn = await bench.start('run');
    await Promise.all([bench.states.stop(arn, 'First'), bench.states.stop(arn, 'Second')]);
    await bench.states.stop(arn, 'Third');
    expect(bench.states.describe(arn)).toMatchObject({ status: 'ABORTED', error: 'First' });
    expect(bench.calls.every(({ signal }) => signal.aborted)).toBe(true);
    expect(bench.types(arn).filter((type) => type === 'ExecutionAborted')).toHaveLength(1);
  });
});

it.each([
  ['a task', machine],
  ['nothing that takes time', machineOf({ S: { Type: 'Succeed' } })],
])('tells of the start, then of the end, each once, of %s', async (_, told) => {
  const bench = await openBench(told, good);
  await bench.run();
  await until(() => bench.told.length === 2);
  await bench.states.close();
  expect(bench.told.map(({ status }) => status)).toEqual(['RUNNING', 'SUCCEEDED']);
  expect(bench.told[1]).toEqual(bench.states.describe(arnOf('run')));
});

it('tells of an end only when whoever is told has done with the start', async () => {
  const done: string[] = [];
  const bench = await openBench(
    machineOf({ S: { Type: 'Succeed' } }),
    {},
    {
      onStatusChange: async ({ name, status }) => {
        if (status === 'RUNNING') {
          await until(() => bench.states.describe(arnOf(name)).status !== 'RUNNING'); // it has ended on disk
          await new Promise((resolve) => setImmediate(resolve));
        }
        done.push(`${name} ${status}`);
      },
    }
  );
  const names = Array.from({ length: 10 }, (_, n) => `run-${n}`);
  await Promise.all(names.map((name) => bench.start(name)));
  await until(() => done.length === 20);
  for (const name of names)
    expect(done.filter((entry) => entry.startsWith(`${name} `))).toEqual([`${name} RUNNING`, `${name} SUCCEEDED`]);
});

it('takes nothing more once it is closed', async () => {
  const bench = await openBench(machine, good);
  await bench.states.close();
  await expect(bench.start('run')).rejects.toThrow(/is closed/);
  expect(() => bench.states.describe(arnOf('run'))).toThrow(expect.objectContaining({ name: 'ExecutionDoesNotExist' }));
});

it('carries nothing out of an execution whose start could not be written', async () => {
  let appended = 0;
  const calls: string[] = [];
  const journal = {
    ...noJournal(),
    append: (): Promise<void> => {
      appended += 1;
      return appended === 1 ? Promise.reject(new Error('no room')) : new Promise((resolve) => setImmediate(resolve));
    },
  };
  const invoke = async ({ executionArn }: { readonly executionArn: string }) => {
    calls.push(executionArn);
    return 'good';
  };
  const states = await openStates({ journal, machine: () => machine, invoke });
  const start = (name: string) => states.start({ stateMachineArn: MACHINE_ARN, name, input: '{}' });
  await expect(start('first')).rejects.toThrow('no room');
  await start('second');
  await until(() => states.describe(arnOf('second')).status !== 'RUNNING');
  expect(calls).toEqual([arnOf('second')]);
  expect(() => states.describe(arnOf('first'))).toThrow(expect.objectContaining({ name: 'ExecutionDoesNotExist' }));
  await states.close();
});
