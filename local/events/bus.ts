import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { InvocationRefused } from '../functions/invocation.ts';
import { errorTypeOf, failure } from '../functions/messages.ts';
import type { FunctionPool } from '../functions/pool.ts';
import type { MayInvoke } from '../invoke.ts';
import type { Clock } from '../states/clock.ts';
import type { ExecutionEvent } from '../states/service.ts';
import type { Rule } from '../template/deployment.ts';
import type { LambdaFunction } from '../template/functions.ts';
import type { JsonObject } from '../template/json.ts';
import { compilePattern } from './pattern.ts';
import { scheduleOf } from './schedule.ts';

export interface EventsOptions {
  readonly rules: readonly Rule[];
  readonly functions: readonly LambdaFunction[];
  readonly pool: FunctionPool;
  readonly mayInvoke: MayInvoke;
  readonly account: string;
  readonly region: string;
  readonly clock: Clock;
  readonly log: (line: string) => void;
}

export interface Events {
  /** Delivers a change of an execution to the rules that match it. Resolves when every target has taken it or was given up. */
  executionChanged(event: ExecutionEvent): Promise<void>;
  /** Invokes a function without waiting for its answer; a failure is tried again as often as the function says. */
  invokeLater(functionArn: string, payload: string): void;
  close(): void;
}

/** Lambda waits a minute and then two between its tries; on one machine, seconds do. */
const RETRY_MS = 1_000;

const onExecutions = (pattern: JsonObject) => {
  const { source } = pattern;
  if (!Array.isArray(source) || !source.every((each) => each === 'aws.states'))
    throw new Error(`only rules on the source aws.states run here, found ${JSON.stringify(source)}`);
  return compilePattern(pattern);
};

/** Rules on events of Step Functions, rules with a schedule, and asynchronous invocations. */
export const createEvents = (options: EventsOptions): Events => {
  const { rules, functions, pool, mayInvoke, account, region, clock, log } = options;
  const { now } = clock;
  const openedAt = now();
  const compiled = rules.map(({ at, arn: ruleArn, on, targets }) => {
    const withFunctions = targets.map((functionArn) => {
      const lambda = functions.find(({ arn }) => functionArn === arn || functionArn.startsWith(`${arn}:`));
      if (lambda === undefined) throw new Error(`${at}: the target ${functionArn} is no function of the template`);
      // without the function's permission a rule calls it in vain, once
      return { lambda, isPermitted: () => mayInvoke('events.amazonaws.com', functionArn, ruleArn) };
    });
    try {
      const rule = { arn: ruleArn, targets: withFunctions };
      return 'schedule' in on
        ? { ...rule, matches: () => false, nextAfter: scheduleOf(on.schedule, openedAt) }
        : { ...rule, matches: onExecutions(on.pattern), nextAfter: () => undefined };
    } catch (cause) {
      throw new Error(`${at}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    }
  });
  const closing = new AbortController();

  const invokeWithRetry = async ({ name, asyncRetries }: LambdaFunction, payload: string): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      const answer = await pool.invoke(name, payload, { signal: closing.signal }).catch((error: unknown) => {
        if (error instanceof InvocationRefused) return failure(error.name, error.message);
        throw error;
      });
      closing.signal.throwIfAborted();
      if (!answer.failed) return;
      if (tries === asyncRetries) {
        log(
          `${name} failed with ${errorTypeOf(answer)}, ${tries + 1} times, at an event that is now given up: its log says more`
        );
        return;
      }
      await delay(RETRY_MS * (tries + 1), undefined, { signal: closing.signal });
    }
  };

  const eventOf = ({ startDate, stopDate, input, output, traceHeader: _, ...rest }: ExecutionEvent): JsonObject => ({
    version: '0',
    id: randomUUID(),
    'detail-type': 'Step Functions Execution Status Change',
    source: 'aws.states',
    account,
    time: new Date(now()).toISOString(),
    region,
    resources: [rest.executionArn],
    detail: {
      ...rest,
      startDate,
      stopDate: stopDate ?? null,
      input,
      inputDetails: { included: true },
      output: output ?? null,
      outputDetails: output === undefined ? null : { included: true },
      error: rest.error ?? null,
      cause: rest.cause ?? null,
    },
  });

  const invokeSoon = (lambda: LambdaFunction, payload: string): void => {
    invokeWithRetry(lambda, payload).catch((error: unknown) => {
      if (!closing.signal.aborted) log(`${lambda.name}: ${error instanceof Error ? error.message : error}`);
    });
  };

  const disarm = new Map<string, () => void>();
  const arm = (rule: (typeof compiled)[number]): void => {
    const due = rule.nextAfter(now());
    if (due === undefined || closing.signal.aborted) return;
    const cancel = clock.callAt(due, () => {
      const event = {
        version: '0',
        id: randomUUID(),
        'detail-type': 'Scheduled Event',
        source: 'aws.events',
        account,
        time: new Date(due).toISOString(),
        region,
        resources: [rule.arn],
        detail: {},
      };
      for (const { lambda, isPermitted } of rule.targets) if (isPermitted()) invokeSoon(lambda, JSON.stringify(event));
      arm(rule);
    });
    disarm.set(rule.arn, cancel);
  };
  for (const rule of compiled) arm(rule);

  return {
    executionChanged: async (change) => {
      const event = eventOf(change);
      const payload = JSON.stringify(event);
      const targets = compiled.filter(({ matches }) => matches(event)).flatMap((rule) => rule.targets);
      const permitted = targets.filter(({ isPermitted }) => isPermitted());
      await Promise.all(permitted.map(({ lambda }) => invokeWithRetry(lambda, payload)));
    },
    invokeLater: (functionArn, payload) => {
      const lambda = functions.find(({ arn }) => arn === functionArn);
      if (lambda === undefined) throw new Error(`there is no function ${functionArn}`);
      invokeSoon(lambda, payload);
    },
    close: () => {
      for (const cancel of disarm.values()) cancel();
      closing.abort(new Error('the local stack is closing'));
    },
  };
};
