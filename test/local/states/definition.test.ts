import { describe, expect, it } from 'vitest';
import { parseProgram } from '../../../local/states/parse.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { functionArn, invoking, MACHINE_ARN, machineOf, openBench } from './harness.ts';

const definitionOf = (states: JsonObject, more: JsonObject = {}): JsonObject => machineOf(states, more).definition;
const task = (more: JsonObject): JsonObject => definitionOf({ T: invoking('f', more), End: { Type: 'Succeed' } });
const state = (S: JsonObject): JsonObject => definitionOf({ S });

describe('a definition is refused, by the name of what is not carried out', () => {
  it.each<[string, JsonObject, RegExp]>([
    ['JSONPath', { StartAt: 'S', States: { S: { Type: 'Succeed' } } }, /only machines with "QueryLanguage": "JSONata"/],
    ['a state in JSONPath', state({ Type: 'Succeed', QueryLanguage: 'JSONPath' }), /QueryLanguage|"JSONata"/],
    ['Map', state({ Type: 'Map', End: true }), /found "Map"\n.*States\.S/],
    ['Parallel', state({ Type: 'Parallel', End: true }), /found "Parallel"/],
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
    const bench = await openBench(machineOf({ S: { Type: 'Map', End: true } }));
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
