import type { HistoryEvent } from '@aws-sdk/client-sfn';

/** What became of a task, and what began it. */
const OUTCOMES: Readonly<Record<string, string>> = {
  TaskSucceeded: 'TaskScheduled',
  TaskFailed: 'TaskScheduled',
  TaskTimedOut: 'TaskScheduled',
  LambdaFunctionSucceeded: 'LambdaFunctionScheduled',
  LambdaFunctionFailed: 'LambdaFunctionScheduled',
  LambdaFunctionTimedOut: 'LambdaFunctionScheduled',
};
const ENDS = new Set(['ExecutionSucceeded', 'ExecutionFailed', 'ExecutionTimedOut', 'ExecutionAborted']);

const nameOf = ({ stateEnteredEventDetails, stateExitedEventDetails }: HistoryEvent): string =>
  stateEnteredEventDetails?.name ?? stateExitedEventDetails?.name ?? '';

const chainFaults = (events: readonly HistoryEvent[]): readonly string[] =>
  events.flatMap(({ id, previousEventId = 0 }, at) => {
    if (id !== at + 1) return [`event ${at + 1} has the id ${id}`];
    // AWS chains the first event and the first state to nothing
    if (previousEventId === 0 ? at > 1 : previousEventId >= id) return [`event ${id} follows event ${previousEventId}`];
    return [];
  });

const endFaults = (events: readonly HistoryEvent[]): readonly string[] => {
  const ends = events.filter(({ type = '' }) => ENDS.has(type));
  return [
    ...(events[0]?.type === 'ExecutionStarted' ? [] : [`begins with ${events[0]?.type}`]),
    ...(events.filter(({ type }) => type === 'ExecutionStarted').length === 1 ? [] : ['is not started once']),
    ...(ends.length === 1 && ENDS.has(events.at(-1)?.type ?? '') ? [] : [`has ${ends.length} ends, or one too early`]),
  ];
};

/** By walking back along the chain, so that what goes on in parallel does not matter. Ends also where the chain leads astray. */
const beginningOf = (events: ReadonlyMap<number, HistoryEvent>, from: HistoryEvent, type: string) => {
  let event: HistoryEvent | undefined = from;
  while (event !== undefined && event.type !== type) {
    const { id = 0, previousEventId = 0 }: HistoryEvent = event;
    event = previousEventId < id ? events.get(previousEventId) : undefined;
  }
  return event;
};

const taskFaults = (events: readonly HistoryEvent[]): readonly string[] => {
  const byId = new Map(events.map((event) => [event.id ?? 0, event]));
  const answers = new Map<number, number>();
  const faults: string[] = [];
  for (const event of events) {
    const begins = OUTCOMES[event.type ?? ''];
    if (begins === undefined) continue;
    const id = beginningOf(byId, event, begins)?.id;
    if (id === undefined) faults.push(`event ${event.id} (${event.type}) answers nothing`);
    else answers.set(id, (answers.get(id) ?? 0) + 1);
  }
  for (const { id = 0, type = '' } of events)
    if (Object.values(OUTCOMES).includes(type) && answers.get(id) !== 1)
      faults.push(`event ${id} (${type}) has ${answers.get(id) ?? 0} outcomes`);
  return faults;
};

const stateFaults = (events: readonly HistoryEvent[]): readonly string[] => {
  const open = new Map<string, number>();
  const faults: string[] = [];
  for (const event of events) {
    const [, kind] = /State(Entered|Exited)$/.exec(event.type ?? '') ?? [];
    if (kind === undefined) continue;
    const name = nameOf(event);
    const now = (open.get(name) ?? 0) + (kind === 'Entered' ? 1 : -1);
    if (now < 0) faults.push(`event ${event.id} leaves ${name}, which was not entered`);
    open.set(name, now);
  }
  if (events.at(-1)?.type !== 'ExecutionSucceeded') return faults; // what fails inside a state does not leave it
  return [...faults, ...[...open].filter(([, left]) => left !== 0).map(([name]) => `${name} is entered and not left`)];
};

/**
 * What is wrong with the history of an execution that has ended, as sentences; nothing where it is whole. Ids are dense from 1, each
 * event follows an earlier one, there is one start and one end, each task that was scheduled has one outcome, and what is entered is
 * left.
 */
export const historyFaults = (events: readonly HistoryEvent[]): readonly string[] => [
  ...chainFaults(events),
  ...endFaults(events),
  ...taskFaults(events),
  ...stateFaults(events),
];
