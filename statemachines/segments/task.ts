import type { Catcher, Retrier, Task, Value, Values } from './asl.ts';

/** A published function and its own time-out. The state that calls it waits longer, so that the function gives up first. */
export interface Callee {
  readonly arn: string;
  readonly timeoutSeconds: number;
}

/** What a state waits beyond the function's own time-out: for a cold start, and for the answer's way back. */
const MARGIN_SECONDS = 15;

/** Which run: in every payload. A definition carries nothing else of a task. */
const RUN = { tenant: '{% $states.input.tenant %}', run: '{% $states.input.run %}' };
/** Each state hands the execution's input on as it came; what is learned goes into variables. */
const PASSED_ON = '{% $states.input %}';
const ANSWER = '{% $states.result.Payload %}';

const backOff = (IntervalSeconds: number, MaxAttempts: number, MaxDelaySeconds: number) =>
  ({ IntervalSeconds, MaxAttempts, BackoffRate: 2, MaxDelaySeconds, JitterStrategy: 'FULL' }) as const;

/** Lambda did not run the function, or says so: throttles and faults of the service. */
const NOT_INVOKED = [
  'Lambda.TooManyRequestsException',
  'Lambda.ServiceException',
  'Lambda.AWSLambdaException',
  'Lambda.SdkClientException',
];

/** The function's process ended without an answer, or was ended at its time-out. */
const CRASHED = ['Lambda.Unknown', 'Sandbox.Timedout', 'Runtime.ExitError'];

/** How a state tries again. Nothing that may have changed a customer's system is among these errors. */
export const retry = {
  /** Steps that are recorded once, and reads: doing them again is harmless. About half a minute. */
  harmless: [
    { ErrorEquals: ['Retryable', ...NOT_INVOKED], ...backOff(1, 5, 15) },
    { ErrorEquals: CRASHED, ...backOff(1, 2, 15) },
  ],
  /** A write: only where the function itself says that nothing happened. */
  unchanged: [{ ErrorEquals: ['Retryable'], ...backOff(2, 4, 20) }],
  /** A look-up after a lost answer: outlasts the lease of a claim, after which it says more than `Retryable`. */
  patient: [{ ErrorEquals: ['Retryable', ...NOT_INVOKED], ...backOff(5, 8, 60), JitterStrategy: 'NONE' }],
  /** The last chance to hand a run to a person: about a quarter of an hour. After it, the reaper does it. */
  stubborn: [
    { ErrorEquals: ['Terminal'], ...backOff(1, 0, 1) },
    { ErrorEquals: ['Retryable', ...NOT_INVOKED], ...backOff(2, 15, 120) },
    { ErrorEquals: ['States.ALL'], ...backOff(5, 3, 30) },
  ],
} as const satisfies Record<string, readonly Retrier[]>;

/** Limits that a ruling may refuse by: people are told which. */
export const OVER = ['over-budget', 'over-rate', 'over-cap'] as const;
type Because =
  | 'unsure'
  | 'mismatch'
  | 'in-doubt'
  | 'no-reply'
  | 'refused'
  | 'stopped'
  | (typeof OVER)[number]
  | 'fault';
type Outcome = 'completed' | 'not-eligible' | 'recorded' | 'refused';

/** What Escalate is told. `rules` is JSONata for a list of rule ids. */
export const because = (reason: Because, rules: Value = []): Values => ({ because: reason, rules });

/** What Respond is told. */
export const outcome = (reached: Outcome, rules: Value): Values => ({ outcome: reached, rules });

/** Leaves by an error, handing the execution's input on. */
export const caught = <Next extends string>(error: string, next: Next, assign?: Values): Catcher<Next> => ({
  ErrorEquals: [error],
  ...(assign && { Assign: assign }),
  Output: PASSED_ON,
  Next: next,
});

/** What nobody expected goes to a person. */
const toPerson = caught('States.ALL', 'Escalate', because('fault'));

const invocation = ({ arn }: Callee, payload: Values) => ({
  Type: 'Task' as const,
  Arguments: { FunctionName: arn, Payload: { ...RUN, ...payload } },
});

export interface Call<Next extends string> {
  /** What the function is told besides tenant and run. */
  readonly payload: Values;
  /** The variable that keeps its answer, where a later state asks for it. */
  readonly saveAs?: string;
  readonly assign?: Values;
  readonly retry?: readonly Retrier[];
  /** Where each error leads. By default everything that outlasts the retries goes to a person. */
  readonly otherwise?: readonly Catcher<Next | 'Escalate'>[];
  readonly next: Next;
}

/** Calls a function and goes on. */
export const call = <Next extends string>(
  callee: Callee,
  { payload, saveAs, assign, retry: retriers = retry.harmless, otherwise = [toPerson], next }: Call<Next>
): Task<Next | 'Escalate'> => ({
  ...invocation(callee, payload),
  Resource: 'arn:aws:states:::lambda:invoke',
  TimeoutSeconds: callee.timeoutSeconds + MARGIN_SECONDS,
  Retry: retriers,
  Catch: otherwise,
  ...((saveAs || assign) && { Assign: { ...(saveAs && { [saveAs]: ANSWER }), ...assign } }),
  Output: PASSED_ON,
  Next: next,
});

/** Calls the function that has the last word. The execution's output is its answer. */
export const finish = <Next extends string = never>(
  callee: Callee,
  { payload, retry: retriers, otherwise }: Pick<Call<Next>, 'payload' | 'retry' | 'otherwise'>
): Task<Next | 'Escalate'> => ({
  ...invocation(callee, payload),
  Resource: 'arn:aws:states:::lambda:invoke',
  TimeoutSeconds: callee.timeoutSeconds + MARGIN_SECONDS,
  Retry: retriers ?? retry.harmless,
  ...(otherwise && { Catch: otherwise }),
  Output: ANSWER,
  End: true,
});

export interface AskOptions<Next extends string> {
  readonly payload: Values;
  readonly assign: Values;
  readonly withinSeconds: number;
  /** What Escalate is told where nobody replies. */
  readonly silence: Values;
  readonly next: Next;
}

/** Has a function ask a person, and waits for the reply as long as `withinSeconds`. Silence leads to Escalate. */
export const ask = <Next extends string>(
  callee: Callee,
  { payload, assign, withinSeconds, silence, next }: AskOptions<Next>
): Task<Next | 'Escalate'> => ({
  ...invocation(callee, { ...payload, token: '{% $states.context.Task.Token %}' }),
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  TimeoutSeconds: withinSeconds,
  Retry: retry.harmless,
  Catch: [caught('States.Timeout', 'Escalate', silence), toPerson],
  Assign: assign,
  Output: PASSED_ON,
  Next: next,
});
