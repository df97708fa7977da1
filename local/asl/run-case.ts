import { seededChance } from '../states/chance.ts';
import { virtualClock } from '../states/clock.ts';
import { StatesError } from '../states/failure.ts';
import { noJournal } from '../states/journal.ts';
import { type Execution, openStates, type States } from '../states/service.ts';
import type { Json } from '../template/json.ts';
import type { Case } from './case.ts';
import { type Called, type Scripts, stageOf } from './script.ts';

/** What became of a case. `output`, where it succeeded; `error` and `cause`, where there is one. */
export interface Result {
  readonly name: string;
  readonly status: Execution['status'] | 'INVALID_DEFINITION' | 'INVALID_INPUT' | 'INVALID_CASE';
  readonly output?: Json;
  readonly error?: string;
  readonly cause?: string;
  readonly calls: readonly Called[];
  /** The names of the states, as they were entered, those in branches and iterations too. */
  readonly entered: readonly string[];
}

const ACCOUNT = 'us-east-1:123456789012';
const MACHINE_ARN = `arn:aws:states:${ACCOUNT}:stateMachine:Case`;
/** Every case begins now. */
export const START_MS = Date.UTC(2026, 0, 1);

const enteredIn = (states: States, executionArn: string): readonly string[] =>
  states.history(executionArn).flatMap((event) => {
    const details = event.stateEnteredEventDetails;
    return typeof details === 'object' && details !== null && 'name' in details ? [String(details.name)] : [];
  });

const endOf = ({ status, output, error, cause }: Execution) => ({
  status,
  ...(output === undefined ? {} : { output: JSON.parse(output) as Json }),
  // AWS shows no Error for an execution that ran out of time; its documentation names it
  ...(error === undefined ? (status === 'TIMED_OUT' ? { error: 'States.Timeout' } : {}) : { error }),
  ...(cause === undefined ? {} : { cause }),
});

export type RunnableCase = Pick<Case, 'name' | 'asl' | 'input'> & Scripts;

/**
 * Runs a state machine against scripted functions, in memory and in virtual time: the same case gives the same result, however
 * long it would wait. `notes` say what the author may have overlooked.
 */
export const runCase = async ({
  name,
  asl,
  input,
  ...scripts
}: RunnableCase): Promise<{ readonly result: Result; readonly notes: readonly string[] }> => {
  const clock = virtualClock(START_MS);
  const { promise: ended, resolve } = Promise.withResolvers<Execution>();
  const stage = stageOf(scripts, clock, () => states);
  const states = await openStates({
    journal: noJournal(),
    invoke: stage.invoke,
    machine: () => ({ arn: MACHINE_ARN, roleArn: 'arn:aws:iam::123456789012:role/Case', definition: asl }),
    onStatusChange: (execution) => {
      if (execution.status !== 'RUNNING') resolve(execution);
    },
    clock,
    chance: seededChance(1),
  });
  try {
    const request = { stateMachineArn: MACHINE_ARN, name: 'run', input: JSON.stringify(input) };
    const { executionArn } = await states.start(request);
    const end = endOf(await ended);
    const entered = enteredIn(states, executionArn);
    return { result: { name, ...end, calls: stage.calls, entered }, notes: stage.notes };
  } catch (error) {
    if (!(error instanceof StatesError)) throw error;
    const status = error.name === 'InvalidDefinition' ? 'INVALID_DEFINITION' : 'INVALID_INPUT';
    const refusal = { status, error: error.name, cause: error.message } as const;
    return { result: { name, ...refusal, calls: [], entered: [] }, notes: [] };
  } finally {
    await states.close();
  }
};
