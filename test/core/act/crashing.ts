import { type Fate, lifeOf } from '../../../drills/gate/life.ts';
import type { Mishap } from '../../../drills/gate/mishaps.ts';
import { type Answer, Vendor } from '../../../drills/gate/vendor.ts';
import { dynamoClaims } from '../../../lambdas/adapters/dynamodb/claims.ts';
import { dynamoReadings } from '../../../lambdas/adapters/dynamodb/readings.ts';
import type { ActDeps } from '../../../lambdas/core/act/act.ts';
import type { ReadDeps } from '../../../lambdas/core/act/read.ts';
import { readScope, writeScope } from '../../../lambdas/core/act/scope.ts';
import { EXPIRY_MARGIN_MS } from '../../../lambdas/core/gate/controls.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { decideOrUndo } from '../../../lambdas/core/steps/undo.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign, jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { ticketTriage } from '../../../statemachines/ticket-triage/workflow.ts';
import { symbolicCallees } from '../../statemachines/callees.ts';
import { AT } from '../../support/builders.ts';
import type { Dynoxide } from '../../support/dynoxide.ts';
import { calling, play } from '../../support/machine.ts';
import { givenRun } from '../../support/run.ts';

export type Effect = 'idempotent' | 'once';

/** What becomes of the first call of the function that acts. */
export interface Crash {
  readonly fate: Fate;
  readonly answer?: Answer | undefined;
  /** When the call that was under way arrives: before anybody looks, or when the run has ended. */
  readonly arrives?: 'in time' | 'too late' | 'never' | undefined;
  /** What somebody else makes of the record right after that call. */
  readonly changes?: readonly string[] | undefined;
  /** The run's tenant is stopped just before that call, for so long. */
  readonly stopsForMs?: number | undefined;
}

export const meets = (...mishaps: readonly Mishap[]): Fate => ({ mishaps });
const CALM: Crash = { fate: meets() };
const MACHINE = ticketTriage.machine(symbolicCallees);
/** The same, with less time than a lease: it ends without a word where it looks an action up. */
export const HURRIED = { ...MACHINE, TimeoutSeconds: 3 };

/** A run of one action, its state machine, and a system that counts what happens in it. The machine's first Act meets the crash. */
export const aCrashingRun = async (dynoxide: Dynoxide, effect: Effect, crash: Crash) => {
  const clock = { now: () => AT.getTime() };
  const now = () => new Date(clock.now());
  const assign = { ...jiraAssign, effect } as never;
  const given = await givenRun(dynoxide, { now, tools: { ...contracts, [jiraAssign.name]: assign } });
  const { ref, deps } = given;
  const vendor = new Vendor();
  const thing = ref.run;
  const shows = () => vendor.components(thing).includes('Network');
  const patienceMs = jiraAssign.timeoutSeconds * 1_000;

  const scope = 'jira:write';
  const inProcess = ({ fate, answer = 'done' }: Crash): ActDeps<undefined> => {
    const life = lifeOf(dynoxide.connection, fate);
    return {
      claims: dynamoClaims(life.connection, dynoxide.state, scope),
      writes: [
        {
          contract: assign,
          call: (_client, _input, _signal, { marker }) =>
            life.reach(async () => {
              vendor.call({ thing, sets: ['Network'], effect, marker, answer, nowMs: clock.now(), patienceMs });
              return {};
            }),
          lookUp: (_client, _input, _signal, { marker }) =>
            life.reach(async () => shows() || vendor.effects.has(marker)),
        },
      ],
      open: async () => undefined,
      now,
    };
  };
  const reading: ReadDeps<undefined> = {
    readings: dynamoReadings(dynoxide.connection, dynoxide.state),
    scope: 'jira:read',
    reads: [
      {
        contract: jiraGet as never,
        call: async () => ({ issueKey: 'OPS-1', components: [...vendor.components(thing)] }),
      },
    ],
    open: async () => undefined,
    now,
  };
  const standing = async () => {
    const { claim } = await dynamoClaims(dynoxide.connection, dynoxide.state, scope).look(ref, 1);
    return claim?.status ?? 'unclaimed';
  };

  const acting = (meeting: Crash) => calling(writeScope<undefined>(), inProcess(meeting));
  let left: string | undefined;
  /** The first call of all to the scope: what comes after it is calm. */
  const crashing = async (payload: JsonObject): Promise<unknown> => {
    if (left !== undefined) return acting(CALM)(payload);
    if (crash.stopsForMs !== undefined) {
      const until = new Date(clock.now() + crash.stopsForMs - EXPIRY_MARGIN_MS).toISOString();
      await given.control({ subject: `tenant:${ref.tenant}`, stopped: true, stops: 'writes', until });
    }
    try {
      return await acting(crash)(payload);
    } finally {
      left = await standing();
      if (crash.arrives === 'in time') vendor.arrive();
      if (crash.changes) vendor.change(thing, crash.changes);
    }
  };
  const functions: Readonly<Record<string, (payload: JsonObject) => Promise<unknown>>> = {
    'step:route': calling(route, deps),
    'step:propose': calling(propose, deps),
    'step:decide': calling(decideOrUndo, deps),
    'step:verify': calling(verify, deps),
    'step:respond': calling(respond, deps),
    'step:escalate': calling(escalate, deps),
    'jira:read': calling(readScope<undefined>(), reading),
    [scope]: crashing,
  };

  return {
    ref,
    vendor,
    standing,
    effects: () => vendor.effects.get(`${thing}-1`)?.times ?? 0,
    /** How the action stood right after the crash. */
    left: () => left,
    /** The execution to its end; then what was under way arrives. */
    play: async (machine: object = MACHINE) => {
      const ended = await play({
        machine,
        input: { ...ref, workflow: 'ticket-triage' },
        startMs: AT.getTime(),
        serve: (called, payload, tells) => {
          clock.now = tells;
          const serve = functions[called];
          if (serve === undefined) throw new Error(`the state machine called ${called}`);
          return serve(payload);
        },
      });
      vendor.arrive();
      return ended;
    },
    /** Calls the scope once more, as nobody should. */
    again: (operation: 'act' | 'reconcile') => acting(CALM)({ ...ref, action: 1, operation }),
    reap: () => reap.run(deps, { detail: { status: 'TIMED_OUT', input: ref } }),
    resume: () => given.control({ subject: `tenant:${ref.tenant}` }),
    kept: given.kept,
  };
};
