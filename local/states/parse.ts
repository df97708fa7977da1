import * as z from 'zod';
import type { Json } from '../template/json.ts';
import { Definition, type Of, type StateDefinition } from './definition.ts';
import { StatesError } from './failure.ts';
import { BOOLEAN, NON_NEGATIVE, POSITIVE, STRING, TIMESTAMP } from './kinds.ts';
import {
  type Catcher,
  isInteger,
  type Leave,
  type Program,
  type Retrier,
  type State,
  type TaskState,
} from './program.ts';
import { compileTemplate, compileTyped, type Sees } from './template.ts';

const INVOKE = 'arn:aws:states:::lambda:';
const FUNCTION_ARN = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[\w-]+(:[\w$-]+)?$/;

const leaveOf = (
  { Assign = {}, Output }: { Assign?: Record<string, Json> | undefined; Output?: Json | undefined },
  at: string,
  sees?: Sees
): Leave => ({
  assign: Object.fromEntries(
    Object.entries(Assign).map(([name, value]) => [name, compileTemplate(value, `${at}Assign/${name}`, sees)])
  ),
  ...(Output === undefined ? {} : { output: compileTemplate(Output, `${at}Output`, sees) }),
});

const nextOf = ({ Next, End }: { Next?: string | undefined; End?: true | undefined }): string | undefined => {
  if ((Next === undefined) === (End === undefined)) throw new Error('expected either Next or "End": true');
  return Next;
};

const integrationOf = (resource: string): TaskState['integration'] => {
  if (FUNCTION_ARN.test(resource)) return 'function';
  const integration = resource.startsWith(INVOKE) ? resource.slice(INVOKE.length) : '';
  if (integration === 'invoke' || integration === 'invoke.waitForTaskToken') return integration;
  throw new Error(
    `Resource: expected ${INVOKE}invoke, ${INVOKE}invoke.waitForTaskToken or a function's ARN, found ${resource}`
  );
};

const retrierOf = (retrier: Of<'Task'>['Retry'][number]): Retrier => ({
  errors: retrier.ErrorEquals,
  intervalSeconds: retrier.IntervalSeconds,
  backoffRate: retrier.BackoffRate,
  maxAttempts: retrier.MaxAttempts,
  maxDelaySeconds: retrier.MaxDelaySeconds ?? Number.POSITIVE_INFINITY,
  jitter: retrier.JitterStrategy,
});

const catcherOf = (catcher: Of<'Task'>['Catch'][number], at: number): Catcher => ({
  ...leaveOf(catcher, `Catch[${at}]/`, 'errorOutput'),
  errors: catcher.ErrorEquals,
  next: catcher.Next,
});

const taskOf = (task: Of<'Task'>): TaskState => {
  const { Arguments, TimeoutSeconds, HeartbeatSeconds } = task;
  const integration = integrationOf(task.Resource);
  if (integration !== 'function' && Arguments === undefined)
    throw new Error('Arguments: expected FunctionName and Payload');
  if (
    isInteger(HeartbeatSeconds ?? '') &&
    isInteger(TimeoutSeconds ?? '') &&
    Number(HeartbeatSeconds) >= Number(TimeoutSeconds)
  )
    throw new Error('HeartbeatSeconds: expected less than TimeoutSeconds');
  const seconds = (value: Json, field: string) => compileTyped(value, field, POSITIVE);
  return {
    type: 'Task',
    ...leaveOf(task, '', 'result'),
    next: nextOf(task),
    integration,
    resource: task.Resource,
    ...(Arguments === undefined ? {} : { arguments: compileTemplate(Arguments, 'Arguments') }),
    ...(TimeoutSeconds === undefined ? {} : { timeoutSeconds: seconds(TimeoutSeconds, 'TimeoutSeconds') }),
    ...(HeartbeatSeconds === undefined ? {} : { heartbeatSeconds: seconds(HeartbeatSeconds, 'HeartbeatSeconds') }),
    retriers: task.Retry.map(retrierOf),
    catchers: task.Catch.map(catcherOf),
  };
};

const stateOf = (state: StateDefinition): State => {
  switch (state.Type) {
    case 'Task':
      return taskOf(state);
    case 'Choice':
      return {
        type: 'Choice',
        ...leaveOf(state, ''),
        rules: state.Choices.map((rule, at) => ({
          ...leaveOf(rule, `Choices[${at}]/`),
          condition: compileTyped(rule.Condition, `Choices[${at}]/Condition`, BOOLEAN),
          next: rule.Next,
        })),
        ...(state.Default === undefined ? {} : { otherwise: state.Default }),
      };
    case 'Wait':
      return { type: 'Wait', ...leaveOf(state, ''), next: nextOf(state), until: untilOf(state) };
    case 'Pass':
      return { type: 'Pass', ...leaveOf(state, ''), next: nextOf(state) };
    case 'Succeed':
      return { type: 'Succeed', ...leaveOf({ Output: state.Output }, ''), next: undefined };
    case 'Fail':
      return {
        type: 'Fail',
        ...(state.Error === undefined ? {} : { error: compileTyped(state.Error, 'Error', STRING) }),
        ...(state.Cause === undefined ? {} : { cause: compileTyped(state.Cause, 'Cause', STRING) }),
      };
  }
};

const untilOf = ({ Seconds, Timestamp }: Of<'Wait'>): Extract<State, { type: 'Wait' }>['until'] => {
  if ((Seconds === undefined) === (Timestamp === undefined)) throw new Error('expected either Seconds or Timestamp');
  return Seconds === undefined
    ? { kind: 'timestamp', of: compileTyped(Timestamp ?? '', 'Timestamp', TIMESTAMP) }
    : { kind: 'seconds', of: compileTyped(Seconds, 'Seconds', NON_NEGATIVE) };
};

const targetsOf = (state: State): readonly (string | undefined)[] => {
  if (state.type === 'Choice') return [...state.rules.map(({ next }) => next), state.otherwise];
  if (state.type === 'Fail') return [];
  return [state.next, ...(state.type === 'Task' ? state.catchers.map(({ next }) => next) : [])];
};

const refuse = (problem: string): never => {
  throw new StatesError('InvalidDefinition', `this state machine cannot be run here: ${problem}`);
};

/**
 * Understands a definition as a whole, or throws a `StatesError` `InvalidDefinition` that names each field, state type,
 * resource or expression which is not carried out here. Nothing that it accepts is skipped at run time.
 */
export const parseProgram = (definition: unknown): Program => {
  const parsed = Definition.safeParse(definition);
  if (!parsed.success) return refuse(z.prettifyError(parsed.error));
  const { StartAt, TimeoutSeconds, States } = parsed.data;
  const states = new Map<string, State>();
  for (const [name, state] of Object.entries(States)) {
    try {
      states.set(name, stateOf(state));
    } catch (error) {
      refuse(`States.${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (!states.has(StartAt)) refuse(`StartAt: there is no state ${StartAt}`);
  for (const [name, state] of states)
    for (const target of targetsOf(state))
      if (target !== undefined && !states.has(target)) refuse(`States.${name}: there is no state ${target} to go to`);
  return { startAt: StartAt, states, ...(TimeoutSeconds === undefined ? {} : { timeoutSeconds: TimeoutSeconds }) };
};
