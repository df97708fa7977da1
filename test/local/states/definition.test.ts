import { describe, expect, it } from 'vitest';
import { parseProgram } from '../../../local/states/parse.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { functionArn, invoking, MACHINE_ARN, machineOf, openBench } from './harness.ts';

const definitionOf = (states: JsonObject, more: JsonObject = {}): JsonObject => machineOf(states, more).definition;
const task = (more: JsonObject): JsonObject =>
  definitionOf({ T: invoking('f', more), ...('Catch' in more ? { End: { Type: 'Succeed' } } : {}) });
const state = (S: JsonObject): JsonObject => definitionOf({ S });

const only = (name: string, more: JsonObject = {}) => ({
  StartAt: name,
  States: { [name]: { Type: 'Pass', End: true, ...more } },
});
const parallel = (...given: readonly JsonObject[]): JsonObject =>
  state({
    Type: 'Parallel',
    End: true,
    Branches: given.filter((branch) => 'StartAt' in branch),
    ...given.find((branch) => !('StartAt' in branch)),
  });
const map = (more: JsonObject): JsonObject => state({ Type: 'Map', End: true, ItemProcessor: only('Item'), ...more });

describe('a definition is refused, by the name of what is not carried out', () => {
  it.each<[string, JsonObject, RegExp]>([
    [
      'JSONPath',
      { StartAt: 'S', States: { S: { Type: 'Succeed' } } },
      /it is in JSONPath, and only JSONata is run: expected "QueryLanguage": "JSONata"/,
    ],
    ['a state in JSONPath', state({ Type: 'Succeed', QueryLanguage: 'JSONPath' }), /QueryLanguage|"JSONata"/],
    ['another Type', state({ Type: 'Loop', End: true }), /found "Loop"\n.*States\.S/],
    ['a Map without ItemProcessor', state({ Type: 'Map', End: true }), /States\.S\.ItemProcessor/],
    ['a Parallel without Branches', state({ Type: 'Parallel', End: true }), /States\.S\.Branches/],
    ['a Parallel with no branch', parallel(), /Branches/],
    [
      'a distributed Map',
      map({ ItemProcessor: { ...only('A'), ProcessorConfig: { Mode: 'DISTRIBUTED' } } }),
      /Mode INLINE/,
    ],
    [
      'an ExecutionType',
      map({ ItemProcessor: { ...only('A'), ProcessorConfig: { Mode: 'INLINE', ExecutionType: 'STANDARD' } } }),
      /ExecutionType/,
    ],
    ['a Label', map({ Label: 'l' }), /Label/],
    ['an ItemReader', map({ ItemReader: {} }), /ItemReader/],
    ['an ItemBatcher', map({ ItemBatcher: {} }), /ItemBatcher/],
    ['a ResultWriter', map({ ResultWriter: {} }), /ResultWriter/],
    ['an Iterator', map({ Iterator: only('A') }), /Iterator/],
    ['Items that are no array', map({ Items: 'all' }), /Items/],
    ['a MaxConcurrency below 0', map({ MaxConcurrency: -1 }), /MaxConcurrency/],
    ['a percentage over 100', map({ ToleratedFailurePercentage: 101 }), /ToleratedFailurePercentage/],
    ['a field of a branch', parallel({ ...only('A'), TimeoutSeconds: 1 }), /TimeoutSeconds/],
    ['a field of a state in a branch', parallel(only('A', { Result: 1 })), /Result/],
    ['what is no JSONata, in a branch', parallel(only('A', { Output: '{% ( %}' })), /States\.A: Output/],
    ['a name that stands twice', parallel(only('A'), only('A')), /States\.A: expected a name that no other state/],
    ['a name that stands around too', parallel(only('S')), /States\.S: expected a name that no other state/],
    [
      'a Next out of a branch',
      parallel({ StartAt: 'A', States: { A: { Type: 'Pass', Next: 'S' } } }),
      /no state S to go to/,
    ],
    [
      'a Next into a branch',
      definitionOf({
        S: { Type: 'Parallel', Branches: [only('A')], Next: 'T' },
        T: { Type: 'Pass', Next: 'A' },
      }),
      /States\.T: there is no state A to go to/,
    ],
    ['a StartAt out of a branch', parallel({ StartAt: 'S', States: only('A').States }), /StartAt: there is no state S/],
    [
      'a state that no other leads to',
      definitionOf({ S: { Type: 'Succeed' }, T: { Type: 'Succeed' } }),
      /States\.T: no state leads there/,
    ],
    [
      'a variable of the scope around',
      parallel(only('A', { Assign: { x: 1 } }), only('B'), { Assign: { x: 2 } }),
      /States\.A: the variable x is assigned in a scope around this one/,
    ],
    [
      'a variable of a Catch two scopes around',
      definitionOf({
        S: {
          Type: 'Map',
          ItemProcessor: only('P', { Type: 'Parallel', Branches: [only('A', { Assign: { x: 1 } })] }),
          Catch: [{ ErrorEquals: ['E'], Assign: { x: 1 }, Next: 'End' }],
          End: true,
        },
        End: { Type: 'Succeed' },
      }),
      /States\.A: the variable x/,
    ],
    ['no Type', state({ End: true }), /found .*\n.*States\.S/],
    ['a field of the machine', definitionOf({ S: { Type: 'Succeed' } }, { ProcessorConfig: {} }), /ProcessorConfig/],
    ['a field of JSONPath', task({ ResultPath: '$' }), /ResultPath/],
    ['Credentials', task({ Credentials: { RoleArn: 'x' } }), /Credentials/],
    ['Assign of Succeed', state({ Type: 'Succeed', Assign: { a: 1 } }), /Assign/],
    ['Result of Pass', state({ Type: 'Pass', Result: 1, End: true }), /Result/],
    ['a field of a retrier', task({ Retry: [{ ErrorEquals: ['E'], Delay: 1 }] }), /Delay/],
    ['a field of a rule', state({ Type: 'Choice', Choices: [{ Variable: '$.a', Next: 'S' }] }), /Variable/],
    ['another service', task({ Resource: 'arn:aws:states:::sqs:sendMessage' }), /States\.T: Resource: expected .*sqs/],
    [
      'lambda:invoke without Arguments',
      state({ Type: 'Task', Resource: 'arn:aws:states:::lambda:invoke', End: true }),
      /Arguments/,
    ],
    ['Next and End', task({ Next: 'End', End: true }), /States\.T: expected either Next or "End"/],
    ['neither Next nor End', state({ Type: 'Pass' }), /States\.S: expected either Next or "End"/],
    ['a state that is not there', state({ Type: 'Pass', Next: 'Gone' }), /States\.S: there is no state Gone/],
    [
      'a Catch to nowhere',
      task({ Catch: [{ ErrorEquals: ['E'], Next: 'Gone' }] }),
      /States\.T: there is no state Gone/,
    ],
    [
      'a StartAt to nowhere',
      definitionOf({ S: { Type: 'Succeed' } }, { StartAt: 'Gone' }),
      /StartAt: there is no state Gone/,
    ],
    [
      'a wildcard among others',
      task({ Retry: [{ ErrorEquals: ['States.ALL', 'E'] }] }),
      /States\.ALL must stand alone/,
    ],
    [
      'a wildcard before others',
      task({
        Catch: [
          { ErrorEquals: ['States.ALL'], Next: 'End' },
          { ErrorEquals: ['E'], Next: 'End' },
        ],
      }),
      /last/,
    ],
    [
      'a heartbeat as long as the time-out',
      task({ TimeoutSeconds: 5, HeartbeatSeconds: 5 }),
      /HeartbeatSeconds: expected less/,
    ],
    ['no seconds at all', task({ TimeoutSeconds: 0 }), /TimeoutSeconds/],
    [
      'both ends of a Wait',
      state({ Type: 'Wait', Seconds: 1, Timestamp: 'x', End: true }),
      /either Seconds or Timestamp/,
    ],
    [
      'the variable $states',
      state({ Type: 'Pass', Assign: { states: 1 }, End: true }),
      /expected names of variables.*\n.*Assign/,
    ],
    [
      'what is no JSONata',
      task({ Output: { a: '{% ( %}' } }),
      /States\.T: Output\/a: '\(' is not a JSONata expression/,
    ],
  ])('%s', (_, definition, message) => {
    expect(() => parseProgram(definition)).toThrow(
      expect.objectContaining({ name: 'InvalidDefinition', message: expect.stringMatching(message) })
    );
  });

  it('at the start of an execution, before anything of it exists', async () => {
    const bench = await openBench(machineOf({ S: { Type: 'Loop', End: true } }));
    await expect(bench.start('run')).rejects.toMatchObject({ name: 'InvalidDefinition' });
    expect(bench.states.list(MACHINE_ARN)).toEqual([]);
    expect(bench.states.counters().started).toBe(0);
  });
});

it('understands every field that it carries out', () => {
  const program = parseProgram(
    task({
      Comment: 'c',
      QueryLanguage: 'JSONata',
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Assign: { a: 1 },
      TimeoutSeconds: '{% $n %}',
      HeartbeatSeconds: 3,
      Retry: [
        {
          ErrorEquals: ['E'],
          IntervalSeconds: 2,
          MaxAttempts: 1,
          BackoffRate: 1.5,
          MaxDelaySeconds: 9,
          JitterStrategy: 'FULL',
        },
        { ErrorEquals: ['States.ALL'], Comment: 'all' },
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], Assign: { e: '{% $states.errorOutput %}' }, Output: 1, Next: 'End' }],
    })
  );
  expect(program.states.get('T')).toMatchObject({
    integration: 'invoke.waitForTaskToken',
    retriers: [
      { errors: ['E'], intervalSeconds: 2, maxAttempts: 1, backoffRate: 1.5, maxDelaySeconds: 9, jitter: 'FULL' },
      { intervalSeconds: 1, maxAttempts: 3, backoffRate: 2, maxDelaySeconds: Number.POSITIVE_INFINITY, jitter: 'NONE' },
    ],
    catchers: [{ errors: ['States.ALL'], next: 'End' }],
  });
  expect(parseProgram(state({ Type: 'Task', Resource: functionArn('f:$LATEST'), End: true })).startAt).toBe('S');
});

it('takes one variable in branches side by side, and the states of a whole machine by their names', () => {
  const branches = ['A', 'B'].map((name) => only(name, { Assign: { x: name } }));
  const program = parseProgram(
    definitionOf({
      S: { Type: 'Parallel', Comment: 'c', Branches: branches, Arguments: { a: 1 }, Next: 'M' },
      M: {
        Type: 'Map',
        ItemProcessor: { ...only('Item'), Comment: 'c', ProcessorConfig: { Mode: 'INLINE' } },
        Items: [1, '{% 2 %}'],
        ItemSelector: { v: '{% $states.context.Map.Item.Value %}' },
        MaxConcurrency: '{% 3 %}',
        ToleratedFailureCount: 1,
        ToleratedFailurePercentage: 12.5,
        End: true,
      },
    })
  );
  expect(program.states.get('M')).toMatchObject({ type: 'Map', next: undefined });
  expect(program.states.get('S')).toMatchObject({ type: 'Parallel', next: 'M', branches: [{}, {}] });
});
