import type { HistoryEvent } from '@aws-sdk/client-sfn';
import { describe, expect, it } from 'vitest';
import { historyFaults } from '../../drills/torture/history.ts';

/** A start, one state with a task that is tried twice, and an end. */
const whole = (): HistoryEvent[] =>
  [
    { type: 'ExecutionStarted' },
    { type: 'TaskStateEntered', stateEnteredEventDetails: { name: 'Act' } },
    { type: 'TaskScheduled' },
    { type: 'TaskStarted' },
    { type: 'TaskFailed' },
    { type: 'TaskScheduled' },
    { type: 'TaskStarted' },
    { type: 'TaskSucceeded' },
    { type: 'TaskStateExited', stateExitedEventDetails: { name: 'Act' } },
    { type: 'ExecutionSucceeded' },
  ].map(
    (event, at) =>
      ({ ...event, timestamp: new Date(0), id: at + 1, previousEventId: at === 1 ? 0 : at }) as HistoryEvent
  );

const without = (at: number) => whole().filter((_, index) => index !== at);
const renumbered = (events: readonly HistoryEvent[]) =>
  events.map((event, at) => ({ ...event, id: at + 1, previousEventId: at === 1 ? 0 : at }));

describe('the history of an execution', () => {
  it('is in order where it is whole', () => {
    expect(historyFaults(whole())).toEqual([]);
  });

  it.each<[string, readonly HistoryEvent[], string]>([
    ['an event is missing', without(4), 'event 5 has the id 6'],
    [
      'an event follows a later one',
      whole().with(3, { ...whole()[3], previousEventId: 9 } as HistoryEvent),
      'event 4 follows event 9',
    ],
    ['it has no start', renumbered(without(0)), 'begins with TaskStateEntered'],
    ['it has two starts', renumbered([...whole().slice(0, 1), ...whole()]), 'is not started once'],
    ['it has no end', renumbered(without(9)), 'has 0 ends, or one too early'],
    ['it has two ends', renumbered([...whole(), ...whole().slice(-1)]), 'has 2 ends, or one too early'],
    ['a task has no outcome', renumbered(without(4)), 'event 3 (TaskScheduled) has 0 outcomes'],
    [
      'a task has two outcomes',
      renumbered([...whole().slice(0, 5), ...whole().slice(4)]),
      'event 3 (TaskScheduled) has 2 outcomes',
    ],
    ['an outcome answers nothing', renumbered(whole().toSpliced(2, 2)), 'event 3 (TaskFailed) answers nothing'],
    ['a state is not left', renumbered(without(8)), 'Act is entered and not left'],
    ['a state is left unentered', renumbered(without(1)), 'event 8 leaves Act, which was not entered'],
  ])('is found out where %s', (_, events, fault) => {
    expect(historyFaults(events)).toContain(fault);
  });
});
