import * as z from 'zod';
import { isObject, type Json } from '../template/json.ts';
import { Definition, type Of, type ScopeDefinition, type StateDefinition } from './definition.ts';
import { StatesError } from './failure.ts';
import {
  ARRAY,
  BOOLEAN,
  isInteger,
  LIMIT_SECONDS,
  NON_NEGATIVE,
  PERCENTAGE,
  STRING,
  TIMESTAMP,
  WAIT_SECONDS,
} from './kinds.ts';
import { stateInJsonPath } from './language.ts';
import type { Catcher, Fallible, Leave, MapState, Program, Retrier, Scope, State, TaskState } from './program.ts';
import { checkScopes } from './scopes.ts';
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

const nextOf = ({
  Next,
  End = false,
}: {
  Next?: string | undefined;
  End?: boolean | undefined;
}): string | undefined => {
  if ((Next === undefined) !== End) throw new Error('expected either Next or "End": true');
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

const fallibleOf = (state: Of<'Task' | 'Parallel' | 'Map'>): Fallible => ({
  ...leaveOf(state, '', 'result'),
  next: nextOf(state),
  retriers: state.Retry.map(retrierOf),
  catchers: state.Catch.map(catcherOf),
});

/** What `lambda:invoke` takes, as far as it is written out; `task.ts` says the same of what an expression gives. */
const checkInvocation = (given: Json | undefined): void => {
  if (typeof given === 'string') return; // an expression
  if (!isObject(given)) throw new Error('Arguments: expected FunctionName and Payload');
  const { FunctionName, Payload: _, ...others } = given;
  const unknown = Object.keys(others);
  if (unknown.length > 0) throw new Error(`Arguments: ${unknown.join(', ')} cannot be carried out here`);
  if (typeof FunctionName !== 'string') throw new Error('Arguments: expected FunctionName');
};

const taskOf = (task: Of<'Task'>): TaskState => {
  const { Arguments, TimeoutSeconds, HeartbeatSeconds } = task;
  const integration = integrationOf(task.Resource);
  if (
    isInteger(HeartbeatSeconds ?? '') &&
    isInteger(TimeoutSeconds ?? '') &&
    Number(HeartbeatSeconds) >= Number(TimeoutSeconds)
  )
    throw new Error('HeartbeatSeconds: expected less than TimeoutSeconds');
  const seconds = (value: Json, field: string) => compileTyped(value, field, LIMIT_SECONDS);
  const template = Arguments === undefined ? undefined : compileTemplate(Arguments, 'Arguments');
  if (integration !== 'function') checkInvocation(Arguments);
  return {
    type: 'Task',
    ...fallibleOf(task),
    integration,
    resource: task.Resource,
    ...(template === undefined ? {} : { arguments: template }),
    ...(TimeoutSeconds === undefined ? {} : { timeoutSeconds: seconds(TimeoutSeconds, 'TimeoutSeconds') }),
    ...(HeartbeatSeconds === undefined ? {} : { heartbeatSeconds: seconds(HeartbeatSeconds, 'HeartbeatSeconds') }),
  };
};

const mapOf = (map: Of<'Map'>): MapState => {
  const { Items, ItemSelector } = map;
  const count = (field: 'MaxConcurrency' | 'ToleratedFailureCount') => compileTyped(map[field], field, NON_NEGATIVE);
  const percentage = 'ToleratedFailurePercentage';
  return {
    type: 'Map',
    ...fallibleOf(map),
    processor: scopeOf(map.ItemProcessor),
    ...(Items === undefined ? {} : { items: compileTyped(Items, 'Items', ARRAY) }),
    ...(ItemSelector === undefined ? {} : { selector: compileTemplate(ItemSelector, 'ItemSelector') }),
    maxConcurrency: count('MaxConcurrency'),
    toleratedCount: count('ToleratedFailureCount'),
    toleratedPercentage: compileTyped(map[percentage], percentage, PERCENTAGE),
  };
};

const stateOf = (state: StateDefinition): State => {
  switch (state.Type) {
    case 'Task':
      return taskOf(state);
    case 'Parallel':
      return {
        type: 'Parallel',
        ...fallibleOf(state),
        branches: state.Branches.map(scopeOf),
        ...(state.Arguments === undefined ? {} : { arguments: compileTemplate(state.Arguments, 'Arguments') }),
      };
    case 'Map':
      return mapOf(state);
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
    : { kind: 'seconds', of: compileTyped(Seconds, 'Seconds', WAIT_SECONDS) };
};

const scopeOf = ({ StartAt, States }: ScopeDefinition): Scope => {
  const states = new Map<string, State>();
  for (const [name, state] of Object.entries(States)) {
    try {
      states.set(name, stateOf(state));
    } catch (error) {
      if (error instanceof StatesError) throw error; // of a state inside of it, which it names
      refuse(`States.${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return { startAt: StartAt, states };
};

const refuse = (problem: string): never => {
  throw new StatesError('InvalidDefinition', `this state machine cannot be run here: ${problem}`);
};

/**
 * Understands a definition as a whole, or throws a `StatesError` `InvalidDefinition` that names each field, state type,
 * resource or expression which is not carried out here. Nothing that it accepts is skipped at run time.
 */
export const parseProgram = (definition: Json): Program => {
  const foreign = stateInJsonPath(definition);
  if (foreign !== undefined)
    refuse(
      `States.${foreign}: it is in JSONPath, and only JSONata is run: expected "QueryLanguage": "JSONata", of the machine or of each state`
    );
  const parsed = Definition.safeParse(definition);
  if (!parsed.success) return refuse(z.prettifyError(parsed.error));
  const { TimeoutSeconds } = parsed.data;
  const scope = scopeOf(parsed.data);
  checkScopes(scope, refuse);
  return { ...scope, ...(TimeoutSeconds === undefined ? {} : { timeoutSeconds: TimeoutSeconds }) };
};
