import type { TestStateCommandOutput, TestStateInput } from '@aws-sdk/client-sfn';
import * as z from 'zod';

const Answer = z.union([
  z.strictObject({ return: z.unknown() }),
  z.strictObject({ throw: z.string(), message: z.string().optional() }),
]);
type Answer = z.infer<typeof Answer>;

/** A case of the States language, as far as single states can be tested with it. */
export const Case = z.object({
  name: z.string(),
  doc: z.string().optional(),
  asl: z.looseObject({ StartAt: z.string(), States: z.record(z.string(), z.looseObject({ Type: z.string() })) }),
  input: z.unknown().optional(),
  lambda: z.record(z.string(), z.union([Answer, z.array(Answer)])).default({}),
  callbacks: z.unknown().optional(),
  expect: z.looseObject({
    status: z.string(),
    output: z.unknown().optional(),
    error: z.string().optional(),
    cause: z.string().optional(),
    entered: z.array(z.string()).optional(),
  }),
});
export type Case = z.infer<typeof Case>;

/** States whose answer does not hang on others: a Map or a Parallel would be answered by a mock as a whole, a Wait by a clock. */
const TESTABLE = new Set(['Task', 'Pass', 'Choice', 'Succeed', 'Fail']);

/** Whether a case can be walked state by state: its answers are known without knowing which function a task named. */
export const isWalkable = ({ asl, lambda, callbacks }: Case): boolean =>
  callbacks === undefined &&
  Object.values(asl.States).every(
    ({ Type, Resource }) => TESTABLE.has(Type) && !String(Resource ?? '').endsWith('.waitForTaskToken')
  ) &&
  Object.keys(lambda).length <= 1;

export interface Walked {
  readonly status: 'SUCCEEDED' | 'FAILED';
  readonly output?: unknown;
  readonly error?: string;
  readonly cause?: string;
  readonly entered: readonly string[];
}

const MOST_STATES = 50;

/** What a task is told: the answer of Lambda's API, or the function's own where its ARN is the resource. */
const mockOf = (answer: Answer, resource: string): NonNullable<TestStateInput['mock']> => {
  if ('throw' in answer)
    return { errorOutput: { error: answer.throw, cause: answer.message ?? '' }, fieldValidationMode: 'NONE' };
  const result = resource.startsWith('arn:aws:states:')
    ? { ExecutedVersion: '$LATEST', Payload: answer.return, SdkHttpMetadata: { HttpStatusCode: 200 }, StatusCode: 200 }
    : answer.return;
  return { result: JSON.stringify(result ?? null), fieldValidationMode: 'NONE' };
};

/**
 * Walks a machine from state to state, each tested by Step Functions itself with what the one before gave; functions answer as the case
 * says. Nothing is created in the account. Retries are made at once: how long they wait is not seen.
 */
export const walk = async (
  { asl, input, lambda }: Case,
  testState: (input: TestStateInput) => Promise<TestStateCommandOutput>
): Promise<Walked> => {
  const [script] = Object.values(lambda);
  const answers = script === undefined ? [] : Array.isArray(script) ? [...script] : [script];
  const entered: string[] = [];
  let state = asl.StartAt;
  let text = JSON.stringify(input ?? {});
  let variables = '{}';
  for (;;) {
    if (entered.push(state) > MOST_STATES) throw new Error(`still walking after ${MOST_STATES} states`);
    const { Type, Resource } = asl.States[state] ?? { Type: 'absent' };
    let said: TestStateCommandOutput;
    for (let retries = 0; ; retries += 1) {
      const answer = answers.length > 1 ? answers.shift() : answers[0];
      if (Type === 'Task' && answer === undefined) throw new Error(`the case has no answer for the task ${state}`);
      said = await testState({
        definition: JSON.stringify(asl),
        stateName: state,
        input: text,
        variables,
        inspectionLevel: 'DEBUG',
        ...(Type === 'Task' &&
          answer && {
            mock: mockOf(answer, String(Resource)),
            stateConfiguration: { retrierRetryCount: retries },
          }),
      });
      if (said.status !== 'RETRIABLE') break;
    }
    const { status, output, nextState, error, cause, inspectionData } = said;
    if (status === 'FAILED')
      return { status, entered, ...(error !== undefined && { error }), ...(cause !== undefined && { cause }) };
    variables = inspectionData?.variables ?? variables;
    text = output ?? text;
    if (nextState === undefined) return { status: 'SUCCEEDED', output: JSON.parse(text), entered };
    state = nextState;
  }
};
