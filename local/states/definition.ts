import * as z from 'zod';
import type { Json } from '../template/json.ts';
import { LONGEST_SECONDS } from './kinds.ts';

/** The fields of the States language that are carried out, and no other: each unknown one is refused by its name. */

const JsonValue = z.json() as z.ZodType<Json>;
const Seconds = z.int().min(1).max(LONGEST_SECONDS);
const Expression = z.string().regex(/^\{%.*%\}$/s, 'expected a JSONata expression, {% … %}');
const StateName = z.string().min(1).max(80);
const VariableName = z
  .string()
  .regex(/^[\p{ID_Start}_][\p{ID_Continue}_]{0,79}$/u)
  .refine((name) => name !== 'states');
const Variables = z.record(VariableName, JsonValue, 'expected names of variables, which $states is not');

const comment = { Comment: z.string().optional() };
const leaving = { Assign: Variables.optional(), Output: JsonValue.optional() };
const common = {
  ...comment,
  QueryLanguage: z.literal('JSONata', 'expected "JSONata": JSONPath is not run').optional(),
};
const onward = { Next: StateName.optional(), End: z.boolean().optional() };

const Errors = z.array(z.string().min(1)).min(1);

const Retrier = z.strictObject({
  ...comment,
  ErrorEquals: Errors,
  IntervalSeconds: Seconds.default(1),
  MaxAttempts: z.int().min(0).max(LONGEST_SECONDS).default(3),
  BackoffRate: z.number().min(1).default(2),
  MaxDelaySeconds: z.int().min(1).max(31_622_399).optional(),
  JitterStrategy: z.enum(['FULL', 'NONE']).default('NONE'),
});

const Catcher = z.strictObject({ ...comment, ...leaving, ErrorEquals: Errors, Next: StateName });

/** `States.ALL` stands alone, in the last place. */
const wildcardLast = (rules: readonly { readonly ErrorEquals: readonly string[] }[]): boolean =>
  rules.every(({ ErrorEquals }, at) =>
    ErrorEquals.includes('States.ALL') ? ErrorEquals.length === 1 && at === rules.length - 1 : true
  );
const WILDCARD = 'States.ALL must stand alone in its ErrorEquals, and last';

const fallible = {
  ...common,
  ...leaving,
  ...onward,
  Retry: z.array(Retrier).refine(wildcardLast, WILDCARD).default([]),
  Catch: z.array(Catcher).refine(wildcardLast, WILDCARD).default([]),
};

const TaskState = z.strictObject({
  ...fallible,
  Type: z.literal('Task'),
  Resource: z.string(),
  Arguments: JsonValue.optional(),
  TimeoutSeconds: z.union([Seconds, Expression]).optional(),
  HeartbeatSeconds: z.union([Seconds, Expression]).optional(),
});

const ChoiceState = z.strictObject({
  ...common,
  ...leaving,
  Type: z.literal('Choice'),
  Choices: z
    .array(z.strictObject({ ...comment, ...leaving, Condition: z.union([z.boolean(), Expression]), Next: StateName }))
    .min(1),
  Default: StateName.optional(),
});

const WaitState = z.strictObject({
  ...common,
  ...leaving,
  ...onward,
  Type: z.literal('Wait'),
  Seconds: z.union([z.int().min(0).max(LONGEST_SECONDS), Expression]).optional(),
  Timestamp: z.string().optional(),
});

const PassState = z.strictObject({ ...common, ...leaving, ...onward, Type: z.literal('Pass') });
const SucceedState = z.strictObject({ ...common, Type: z.literal('Succeed'), Output: JsonValue.optional() });
const FailState = z.strictObject({
  ...common,
  Type: z.literal('Fail'),
  Error: z.string().optional(),
  Cause: z.string().optional(),
});

/** The states of a machine, of a branch of a Parallel or of an iteration of a Map. */
export interface ScopeDefinition {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, StateDefinition>>;
}

const scope = () => ({
  ...comment,
  StartAt: StateName,
  States: z.record(StateName, State),
});
const Branch: z.ZodType<ScopeDefinition> = z.lazy(() => z.strictObject(scope()));
const Processor: z.ZodType<ScopeDefinition> = z.lazy(() =>
  z.strictObject({
    ...scope(),
    ProcessorConfig: z
      .strictObject({ Mode: z.literal('INLINE', 'only the Mode INLINE is run, not DISTRIBUTED').optional() })
      .optional(),
  })
);

const ParallelState = z.strictObject({
  ...fallible,
  Type: z.literal('Parallel'),
  Branches: z.array(Branch).min(1),
  Arguments: JsonValue.optional(),
});

const MapState = z.strictObject({
  ...fallible,
  Type: z.literal('Map'),
  ItemProcessor: Processor,
  Items: z.union([z.array(JsonValue), Expression]).optional(),
  ItemSelector: JsonValue.optional(),
  MaxConcurrency: z.union([z.int().min(0), Expression]).default(0),
  ToleratedFailureCount: z.union([z.int().min(0), Expression]).default(0),
  ToleratedFailurePercentage: z.union([z.number().min(0).max(100), Expression]).default(0),
});

const STATE_TYPES = ['Task', 'Parallel', 'Map', 'Choice', 'Wait', 'Pass', 'Succeed', 'Fail'] as const;

const State = z.discriminatedUnion(
  'Type',
  [TaskState, ParallelState, MapState, ChoiceState, WaitState, PassState, SucceedState, FailState],
  { error: ({ input }) => `expected a Type out of ${STATE_TYPES.join(', ')}, found ${typeOf(input)}` }
);

export const Definition = z.strictObject({
  ...scope(),
  QueryLanguage: z.enum(['JSONata', 'JSONPath']).optional(),
  Version: z.literal('1.0').optional(),
  TimeoutSeconds: Seconds.optional(),
});

const typeOf = (state: unknown): string =>
  JSON.stringify(typeof state === 'object' && state !== null && 'Type' in state ? state.Type : state)?.slice(0, 60) ??
  'none';

export type StateDefinition = z.infer<typeof State>;
export type Of<T extends StateDefinition['Type']> = Extract<StateDefinition, { Type: T }>;
