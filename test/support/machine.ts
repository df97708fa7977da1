import type { ActDeps } from '../../lambdas/core/act/act.ts';
import type { ReadDeps } from '../../lambdas/core/act/read.ts';
import { readScope, writeScope } from '../../lambdas/core/act/scope.ts';
import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';
import type { Run } from '../../lambdas/core/run.ts';
import { approve } from '../../lambdas/core/steps/approve.ts';
import { ask } from '../../lambdas/core/steps/ask.ts';
import { escalate, respond } from '../../lambdas/core/steps/close.ts';
import { propose } from '../../lambdas/core/steps/propose.ts';
import { route } from '../../lambdas/core/steps/route.ts';
import type { Step } from '../../lambdas/core/steps/step.ts';
import { decideOrUndo } from '../../lambdas/core/steps/undo.ts';
import { verify } from '../../lambdas/core/steps/verify.ts';
import { calleesOf } from '../../lib/release.ts';
import { functionNameOf } from '../../local/asl/script.ts';
import { seededChance } from '../../local/states/chance.ts';
import type { Clock } from '../../local/states/clock.ts';
import { TaskFailure } from '../../local/states/failure.ts';
import { noJournal } from '../../local/states/journal.ts';
import { type Execution, openStates } from '../../local/states/service.ts';
import type { Json, JsonObject } from '../../local/template/json.ts';
import { ticketTriage } from '../../statemachines/ticket-triage/workflow.ts';
import type { givenRun } from './run.ts';

/*
 * A run as its state machine carries it out: the very definition that is deployed, the very steps, real tables. Only Lambda is not there.
 */

const arnOf = (name: string): string => `arn:aws:lambda:us-east-1:123456789012:function:${name}`;
const MACHINE_ARN = 'arn:aws:states:us-east-1:123456789012:stateMachine:ticket-triage';
const nameOfScope = (scope: string): string => scope.replace(':', '-');
const MACHINE: JsonObject = JSON.parse(
  JSON.stringify(
    ticketTriage.machine(calleesOf(ticketTriage, { step: arnOf, scope: (scope) => arnOf(nameOfScope(scope)) }))
  )
);

/** What ends a function from outside: its process is gone, or it never answers. */
export class Gone extends Error {
  override readonly name = 'Gone';
  readonly how: 'crashed' | 'silent';

  constructor(how: Gone['how']) {
    super(`the function has ${how === 'crashed' ? 'crashed' : 'not answered'}`);
    this.how = how;
  }
}

/** A clock that leaps to what is due next, but never while a function works. */
export const patientClock = (startMs: number) => {
  let nowMs = startMs;
  let working = 0;
  let isLeaping = false;
  const timers = new Set<{ readonly atMs: number; readonly due: () => void }>();
  const leap = (): void => {
    isLeaping = false;
    if (working > 0) return;
    const next = [...timers].sort((one, other) => one.atMs - other.atMs)[0];
    if (next === undefined) return;
    timers.delete(next);
    nowMs = Math.max(nowMs, next.atMs);
    next.due();
    leapLater();
  };
  const leapLater = (): void => {
    if (isLeaping || working > 0 || timers.size === 0) return;
    isLeaping = true;
    setImmediate(leap);
  };
  const clock: Clock = {
    now: () => nowMs,
    callAt: (atMs, due) => {
      const timer = { atMs, due };
      timers.add(timer);
      leapLater();
      return () => void timers.delete(timer);
    },
  };
  const during = async <T>(work: () => Promise<T>): Promise<T> => {
    working += 1;
    try {
      return await work();
    } finally {
      working -= 1;
      leapLater();
    }
  };
  return { clock, during, now: () => new Date(nowMs) };
};
type PatientClock = ReturnType<typeof patientClock>;

const serving =
  <Deps, Input, Output>(step: Step<Deps, Input, Output>, deps: Deps) =>
  async (payload: Json) =>
    step.output.parse(await step.run(deps, step.input.parse(payload))) as Json;

/** As Lambda reports what a function threw; what is no fault of ours is uncertain, as the runtime has it. */
const failureOf = (error: unknown): TaskFailure => {
  const isFault = [Retryable, Terminal, Uncertain].some((kind) => error instanceof kind);
  const errorType = isFault && error instanceof Error ? error.name : 'Uncertain';
  return new TaskFailure(errorType, JSON.stringify({ errorType, errorMessage: String(error) }));
};

export interface Functions<Client> {
  readonly deps: Awaited<ReturnType<typeof givenRun>>['deps'];
  readonly reads: ReadDeps<Client>;
  /** A process for each invocation of the write scope. */
  readonly writes: (operation: string) => { readonly deps: ActDeps<Client>; readonly after?: () => Promise<void> };
}

/** Carries a run out to its end. Which states it went through, in order. */
export const carryOut = async <Client>(
  { tenant, run, workflow }: Pick<Run, 'tenant' | 'run' | 'workflow'>,
  { deps, reads, writes }: Functions<Client>,
  { clock, during }: PatientClock
): Promise<{ readonly execution: Execution; readonly entered: readonly string[] }> => {
  const steps: Readonly<Record<string, (payload: Json) => Promise<Json>>> = {
    route: serving(route, deps),
    ask: serving(ask, deps),
    propose: serving(propose, deps),
    decide: serving(decideOrUndo, deps),
    approve: serving(approve, deps),
    verify: serving(verify, deps),
    respond: serving(respond, deps),
    escalate: serving(escalate, deps),
    'jira-read': serving(readScope<Client>(), reads),
    'jira-write': async (payload) => {
      const { operation } = payload as { readonly operation: string };
      const life = writes(operation);
      try {
        return await serving(writeScope<Client>(), life.deps)(payload);
      } finally {
        await life.after?.();
      }
    },
  };
  const { promise: ended, resolve } = Promise.withResolvers<Execution>();
  const states = await openStates({
    journal: noJournal(),
    machine: () => ({ arn: MACHINE_ARN, roleArn: 'arn:aws:iam::123456789012:role/machine', definition: MACHINE }),
    onStatusChange: (execution) => {
      if (execution.status !== 'RUNNING') resolve(execution);
    },
    clock,
    chance: seededChance(1),
    invoke: async ({ functionArn, payload }) => {
      try {
        return await during(async () => (await steps[functionNameOf(functionArn)]?.(payload)) ?? null);
      } catch (error) {
        if (!(error instanceof Gone)) throw failureOf(error);
        if (error.how === 'silent') return new Promise<never>(() => undefined);
        throw new TaskFailure('Lambda.Unknown', 'The Lambda function exited');
      }
    },
  });
  try {
    const input = JSON.stringify({ tenant, run, workflow });
    const { executionArn } = await states.start({ stateMachineArn: MACHINE_ARN, name: run, input });
    const execution = await ended;
    const entered = states
      .history(executionArn)
      .flatMap(({ stateEnteredEventDetails: details }) =>
        typeof details === 'object' && details !== null && 'name' in details ? [String(details.name)] : []
      );
    return { execution, entered };
  } finally {
    await states.close();
  }
};
