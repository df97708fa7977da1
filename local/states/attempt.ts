import type { Json } from '../template/json.ts';
import type { Branch } from './branch.ts';
import type { Chance } from './chance.ts';
import type { Clock } from './clock.ts';
import { type Failure, TaskFailure } from './failure.ts';
import { textOf } from './history.ts';
import type { Call, Outcome } from './record.ts';

export type Invoke = (call: {
  readonly functionArn: string;
  readonly payload: Json;
  readonly roleArn: string;
  readonly executionArn: string;
  readonly traceHeader: string;
  /** What the task waits for, if not for the function's answer. */
  readonly token?: string;
  readonly signal: AbortSignal;
}) => Promise<Json>;

export interface Host extends Clock {
  readonly invoke: Invoke;
  readonly chance: Chance;
}

/** What is not the function's own failure: nobody knows what happened to the call. */
const failureOf = (error: unknown): Failure =>
  error instanceof TaskFailure
    ? error.failure
    : { error: 'Lambda.Unknown', cause: error instanceof Error ? error.message : String(error), from: 'task' };

const timedOut = (from: 'timeout' | 'heartbeat'): Outcome => ({
  kind: 'failed',
  failure: { error: 'States.Timeout', from },
});

/** `resourceType` and `resource`, which name an integration in the history. */
export const RESOURCE = { resourceType: 'lambda', resource: 'invoke' };
export const CALLBACK_RESOURCE = { resourceType: 'lambda', resource: 'invoke.waitForTaskToken' };

/** What `lambda:invoke` gives beside the function's answer. */
export const invocationOf = (functionArn: string, Payload: Json): Json => ({
  ExecutedVersion: /:(\d+)$/.exec(functionArn)?.[1] ?? '$LATEST',
  Payload,
  SdkHttpMetadata: { HttpStatusCode: 200 },
  StatusCode: 200,
});

/**
 * Carries out one call that is on disk, to its outcome: the function's answer, the token's, or no answer in time; then
 * `signal` tells the function's side to give up. `submittedUntilMs`, where the function has long been called and only the token is
 * awaited.
 */
export const carryOut = (
  branch: Branch,
  call: Call,
  { invoke, now, callAt }: Host,
  submitted?: { readonly deadlineMs?: number }
): Promise<Outcome> =>
  branch.wait<Outcome>((resolve, reject) => {
    const controller = new AbortController();
    let isSettled = false;
    const settle = (outcome: Outcome): void => {
      isSettled = true;
      resolve(outcome);
    };
    const giveUp = (from: 'timeout' | 'heartbeat') => (): void => {
      settle(timedOut(from));
      controller.abort();
    };

    const deadlineMs = submitted === undefined ? after(call.timeoutSeconds, now()) : submitted.deadlineMs;
    const cancelTimeout = deadlineMs === undefined ? undefined : callAt(deadlineMs, giveUp('timeout'));
    let cancelHeartbeat: (() => void) | undefined;
    const heartbeat = (): void => {
      cancelHeartbeat?.();
      const silentMs = after(call.heartbeatSeconds, now());
      if (silentMs !== undefined) cancelHeartbeat = callAt(silentMs, giveUp('heartbeat'));
    };
    heartbeat();

    const submit = async (payload: Json): Promise<void> => {
      const output = textOf(invocationOf(call.functionArn, payload), RESOURCE.resourceType);
      branch.record('TaskSubmitted', { ...CALLBACK_RESOURCE, output, outputDetails: { truncated: false } });
      await branch.save({ kind: 'submitted', call, ...(deadlineMs === undefined ? {} : { deadlineMs }) });
    };
    const answered = async (payload: Json): Promise<void> => {
      if (isSettled || branch.isOver) return;
      if (call.token === undefined) settle({ kind: 'succeeded', result: payload });
      else await submit(payload);
    };
    const send = async (): Promise<Json> =>
      invoke({
        functionArn: call.functionArn,
        payload: call.payload,
        roleArn: branch.execution.machine.roleArn,
        executionArn: branch.execution.header.executionArn,
        traceHeader: branch.execution.header.traceHeader,
        ...(call.token === undefined ? {} : { token: call.token }),
        signal: controller.signal,
      });
    if (submitted === undefined)
      send()
        .then(answered, (error: unknown) => settle({ kind: 'failed', failure: failureOf(error) }))
        .catch(reject);

    const answer = async (outcome: Outcome): Promise<void> => {
      const saved = branch.save({ kind: 'answered', call, outcome });
      settle(outcome);
      await saved;
    };
    return {
      ...(call.token === undefined ? {} : { callback: { token: call.token, answer, heartbeat } }),
      abort: () => controller.abort(),
      release: () => {
        cancelTimeout?.();
        cancelHeartbeat?.();
      },
    };
  });

const after = (seconds: number | undefined, fromMs: number): number | undefined =>
  seconds === undefined ? undefined : fromMs + seconds * 1_000;
