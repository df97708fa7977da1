import { describe, expect, it } from 'vitest';
import { TaskFailure } from '../../../local/states/failure.ts';
import type { HistoryEvent } from '../../../local/states/history.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import type { Document } from '../../../local/trace/document.ts';
import { executionTraces } from '../../../local/trace/executions.ts';
import { callIdOf, segmentIdOf, stateSubsegments } from '../../../local/trace/history.ts';
import { functionArn, invoking, machineOf, openBench } from '../states/harness.ts';

const TRACE = '1-5759e988-bd862e3fe1be46a994272793';
const RETRY = [{ ErrorEquals: ['Busy'], IntervalSeconds: 1, MaxAttempts: 2, BackoffRate: 1, MaxDelaySeconds: 1 }];
const CATCH = [{ ErrorEquals: ['States.ALL'], Next: 'Done' }];

/** The tree as lines: depth, name, marks, names of errors, retries. */
const outline = (executionArn: string, documents: readonly Document[]): readonly string[] => {
  const below = (id: string, depth: number): readonly string[] =>
    documents
      .filter(({ parent_id }) => parent_id === id)
      .flatMap((it) => [
        [
          '  '.repeat(depth) + it.name,
          ...(it.error ? ['error'] : []),
          ...(it.fault ? ['fault'] : []),
          ...(it.cause?.exceptions?.map(({ type }) => type ?? '') ?? []),
          ...(it.annotations ? [`retries ${it.annotations.retries}`] : []),
        ].join(' '),
        ...below(it.id, depth + 1),
      ]);
  return below(segmentIdOf(executionArn), 0);
};

describe('the subsegments of an execution', () => {
  const failing = (error: string) => async () => {
    throw new TaskFailure(error, '{"errorMessage":"content"}');
  };
  let tries = 0;
  const functions = {
    fine: async () => ({}),
    busy: async () => {
      tries += 1;
      if (tries % 2 === 1) throw new TaskFailure('Busy', 'content');
      return {};
    },
    broken: failing('Terminal'),
  };

  it.each<[string, JsonObject, readonly string[]]>([
    [
      'one for each state, and for each call',
      { First: invoking('fine', { Next: 'Done' }), Done: { Type: 'Succeed' } },
      ['First', '  Lambda', 'Done'],
    ],
    [
      'attempts that failed before the one that did not',
      { Try: invoking('busy', { Retry: RETRY }) },
      ['Try retries 1', '  Lambda fault Busy', '  Lambda'],
    ],
    [
      'a failure that was caught as an error of the state',
      { Try: invoking('broken', { Catch: CATCH, Next: 'Done' }), Done: { Type: 'Succeed' } },
      ['Try error', '  Lambda fault Terminal', 'Done'],
    ],
    [
      'a failure that ended the execution as the fault of the state',
      { First: { Type: 'Pass', Next: 'Try' }, Try: invoking('broken') },
      ['First', 'Try fault', '  Lambda fault Terminal'],
    ],
  ])('are %s', async (_, states, expected) => {
    const bench = await openBench(machineOf(states), functions);
    const { executionArn } = await bench.run();
    const events = bench.states.history(executionArn);
    const documents = stateSubsegments(executionArn, TRACE, events);
    expect(outline(executionArn, documents)).toEqual(expected);
    expect(JSON.stringify(documents)).not.toContain('content');
    for (const { start_time, end_time = 0 } of documents) expect(end_time).toBeGreaterThanOrEqual(start_time);
    // the id by which a call is known before its end
    const ids = new Set(documents.map(({ id }) => id));
    for (const { functionArn: arn, payload } of bench.calls)
      expect(ids).toContain(callIdOf(executionArn, arn, JSON.stringify(payload), 0));
  });

  it('are inside a Map, each with the call that its iteration made', async () => {
    const processor = {
      ProcessorConfig: { Mode: 'INLINE' },
      StartAt: 'Work',
      States: { Work: invoking('fine', { Next: 'Rest' }), Rest: { Type: 'Pass', End: true } },
    };
    const each = { Type: 'Map', Items: '{% [1, 2, 1] %}', ItemProcessor: processor, Next: 'Done' };
    const bench = await openBench(machineOf({ Each: each, Done: { Type: 'Succeed' } }), functions);
    const { executionArn, status } = await bench.run();
    expect(status).toBe('SUCCEEDED');
    const documents = stateSubsegments(executionArn, TRACE, bench.states.history(executionArn));
    const iteration = ['  Work', '    Lambda', '  Rest'];
    expect(outline(executionArn, documents).toSorted()).toEqual(
      ['Each', ...iteration, ...iteration, ...iteration, 'Done'].toSorted()
    );
    const ids = documents.filter(({ name }) => name === 'Lambda').map(({ id }) => id);
    const expected = [
      [1, 0],
      [1, 1],
      [2, 0],
    ].map(([item, before]) => callIdOf(executionArn, functionArn('fine'), JSON.stringify(item), before ?? 0));
    expect(ids.toSorted()).toEqual(expected.toSorted());
  });

  it('are inside the Map and Parallel that they belong to, whatever order the history has', () => {
    const arn = 'arn:aws:states:us-east-1:123456789012:execution:Test:one';
    let id = 0;
    const event = (type: string, previousEventId: number, details?: JsonObject): HistoryEvent => {
      id += 1;
      return { id, previousEventId, timestamp: id * 1_000, type, ...(details && { someEventDetails: details }) };
    };
    const task = (n: number): JsonObject => ({
      parameters: JSON.stringify({ FunctionName: functionArn('fine'), Payload: { n } }),
    });
    const events = [
      event('ExecutionStarted', 0),
      event('MapStateEntered', 0, { name: 'Each' }), // 2
      event('MapStateStarted', 2, { length: 2 }),
      event('MapIterationStarted', 3, { name: 'Each', index: 0 }), // 4
      event('MapIterationStarted', 3, { name: 'Each', index: 1 }), // 5
      event('TaskStateEntered', 4, { name: 'Work' }), // 6
      event('TaskStateEntered', 5, { name: 'Work' }), // 7
      event('TaskScheduled', 7, task(1)), // 8
      event('TaskScheduled', 6, task(0)), // 9
      event('TaskSucceeded', 8), // 10
      event('TaskStateExited', 10, { name: 'Work' }), // 11
      event('TaskFailed', 9, { error: 'Terminal', cause: 'content' }), // 12
      event('MapIterationFailed', 12, { name: 'Each', index: 0 }), // 13
      event('MapStateFailed', 13, { error: 'Terminal' }), // 14
      event('MapStateExited', 14, { name: 'Each' }), // 15
      event('PassStateEntered', 15, { name: 'After' }), // 16
      event('PassStateExited', 16, { name: 'After' }),
    ];
    expect(outline(arn, stateSubsegments(arn, TRACE, events))).toEqual([
      'Each error Terminal',
      '  Work fault',
      '    Lambda fault Terminal',
      '  Work',
      '    Lambda',
      'After',
    ]);
  });
});

describe('the header that a call of an execution gets', () => {
  const arn = 'arn:aws:states:us-east-1:123456789012:execution:Test:one';
  const call = {
    executionArn: arn,
    functionArn: functionArn('fine'),
    payload: '{"n":1}',
    traceHeader: `Root=${TRACE};Sampled=1`,
  };
  const scheduled = (id: number): HistoryEvent => ({
    id,
    previousEventId: id - 1,
    timestamp: 1,
    type: 'TaskScheduled',
    taskScheduledEventDetails: { parameters: JSON.stringify({ FunctionName: call.functionArn, Payload: { n: 1 } }) },
  });
  const opened = (events: readonly HistoryEvent[]) =>
    executionTraces(
      () => {},
      () => events,
      () => 1
    );
  const expected = (before: number): string =>
    `Root=${TRACE};Parent=${callIdOf(arn, call.functionArn, call.payload, before)};Sampled=1`;

  it('names the subsegment that the history will give it, one for each attempt', () => {
    const traces = opened([scheduled(1)]);
    expect([1, 2, 3].map(() => traces.header(call))).toEqual([0, 1, 2].map(expected));
  });

  it('goes on counting after a restart, where the history tells how many there were', () => {
    const traces = opened([scheduled(1), scheduled(2), scheduled(3)]);
    expect([1, 2].map(() => traces.header(call))).toEqual([2, 3].map(expected));
  });

  it('is handed on as it is where nothing is sampled', () => {
    const traceHeader = `Root=${TRACE};Parent=53995c3f42cd8ad8;Sampled=0`;
    expect(opened([]).header({ ...call, traceHeader })).toBe(traceHeader);
  });
});
