import * as z from 'zod';
import { chain } from '../audit/record.ts';
import { Retryable } from '../errors.ts';
import { CONTROL_SHARDS, type ControlLevel, controlSubject, isInForce, isOver } from '../gate/controls.ts';
import { Mode } from '../mode.ts';
import { ScopeName, Tenant, WorkflowName } from '../names.ts';
import { type Control, type Executing, Stops } from '../records.ts';
import type { FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import type { ControlRoot, Controls, Workflows } from './ports.ts';

export interface ControlDeps {
  readonly controls: Controls;
  readonly workflows: Workflows;
  /** Operators of this tenant may set every control; those of any other, their own tenant's. */
  readonly operatorTenant: string;
  readonly now: () => Date;
  readonly traceId: () => string;
  readonly pause: (milliseconds: number) => Promise<void>;
}

/** What a control is over. */
export interface Target {
  readonly level: ControlLevel;
  readonly name?: string | undefined;
}

export const ControlChange = z.strictObject({
  stopped: z.boolean(),
  reason: z
    .string()
    .min(1)
    .max(500)
    .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*\S[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]*$/u, 'text on one line'),
  mode: Mode.optional(),
  /** What a stop is for; writes, where nothing is said. */
  stops: Stops.optional(),
  /** When a stop ends by itself. */
  until: z.iso
    .datetime({ offset: true, error: 'a time such as 2030-01-02T03:04:05Z' })
    .transform((text) => new Date(text).toISOString())
    .optional(),
});
/** Without a mode, a tenant keeps the one it has: a stop and its end must not put anybody back on autopilot. */
export type ControlChange = z.infer<typeof ControlChange>;

export type Setting =
  /** `executing`, of a stop alone: what had begun before and goes on. */
  | {
      readonly kind: 'set';
      readonly control: Control;
      /** The stop that was in force until now. */
      readonly replaced?: Control;
      readonly executing?: readonly Executing[];
      /** Where no workflow, or scope, of this name is deployed: those that are. Runs of a release before may still have it. */
      readonly deployedInstead?: readonly string[];
    }
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** Somebody else set the control meanwhile. Only what ends a stop gives way; a stop never does. */
  | { readonly kind: 'overtaken' };

const NAMES = { global: z.undefined(), tenant: Tenant, workflow: WorkflowName, scope: ScopeName } as const;
const EXPECTED = {
  global: 'no name',
  tenant: 'a tenant such as acme',
  workflow: 'a workflow such as ticket-triage',
  scope: 'a scope such as jira:write',
} as const;

/** What is wrong with the name of a target, if anything is. */
export const targetErrors = ({ level, name }: Target): readonly FieldError[] =>
  NAMES[level].safeParse(name).success ? [] : [{ field: 'name', expected: EXPECTED[level], found: 'something else' }];

/** The names of a kind that are deployed, where this one is not among them: it may be mistyped, and stop nothing. */
const deployedInsteadOf = ({ level, name = '' }: Target, workflows: Workflows): readonly string[] | undefined => {
  if (level !== 'workflow' && level !== 'scope') return undefined;
  const names = level === 'workflow' ? workflows.keys() : [...workflows.values()].flatMap(({ scopes = [] }) => scopes);
  const deployed = new Set(names);
  return deployed.has(name) ? undefined : [...deployed].toSorted();
};

/** A stop that should last longer ends when somebody ends it. */
const LONGEST_DAYS = 366;

const untilErrors = (until: string, now: Date): readonly FieldError[] => {
  const ahead = Date.parse(until) - now.getTime();
  if (ahead > 0 && ahead <= LONGEST_DAYS * 86_400_000) return [];
  const found = ahead > 0 ? 'a later time' : 'a time that is over';
  return [{ field: 'until', expected: `a time to come, within ${LONGEST_DAYS} days`, found }];
};

const errorsOf = (
  { level, name }: Target,
  { stopped, mode, stops, until }: ControlChange,
  now: Date
): readonly FieldError[] => [
  ...targetErrors({ level, name }),
  ...Object.entries({ stops, until }).flatMap(([field, given]) =>
    stopped || given === undefined ? [] : [{ field, expected: 'nothing: only stops have it', found: 'a value' }]
  ),
  ...(stopped && until !== undefined ? untilErrors(until, now) : []),
  ...(mode !== undefined && level !== 'tenant'
    ? [{ field: 'mode', expected: 'nothing: only tenants have a mode', found: 'a mode' }]
    : []),
];

const mayChange = ({ tenant, roles }: Identity, { level, name }: Target, operatorTenant: string): boolean =>
  roles.includes('operator') && (tenant === operatorTenant || (level === 'tenant' && name === tenant));

/** A control as it is listed: a stop that has ended by itself stays until somebody sets the control anew. */
export type Shown = Control & { readonly expired?: boolean };

/**
 * How controls stand. The operating tenant sees every one that was ever set, other tenants their own: why everything is
 * stopped is nothing that one tenant tells another.
 */
export const listControls = async (
  { controls, operatorTenant, now }: Pick<ControlDeps, 'controls' | 'operatorTenant' | 'now'>,
  { tenant }: Identity
): Promise<readonly Shown[]> => {
  const at = now();
  const shown = (control: Control): Shown => ({
    ...control,
    ...(control.stopped && !isInForce(control, at) && { expired: true }),
  });
  if (tenant === operatorTenant) return (await controls.all()).map(shown);
  const { control } = await controls.root(controlSubject('tenant', tenant));
  return control ? [shown(control)] : [];
};

/**
 * How long a stop waits, when it is in force, before it looks for what is executing: an index follows its table within
 * a fraction of a second as a rule, though nothing bounds it.
 */
const INDEX_LAG_MS = 1_000;

/** How often a stop is begun anew when others change the same control at the same time. */
const TRIES = 16;

/**
 * Sets a control. Once a stop has returned, no writ is issued in its scope and no claim begins until somebody ends it, or it ends by itself: the
 * root is set first, then every shard, each by itself. Ending a stop goes the other way, root last, and gives way to
 * whatever was begun after it. The last word holds, also where it stops less than the one before: the answer shows what it replaced. A stop answers what is executing under it. A name that is not deployed may be set too, and the answer says what is. Throws `Retryable` where a part could not be written: then set it again, whatever was reached.
 */
export const setControl = async (
  deps: ControlDeps,
  by: Identity,
  target: Target,
  change: ControlChange
): Promise<Setting> => {
  if (!mayChange(by, target, deps.operatorTenant)) return { kind: 'forbidden' };
  const errors = errorsOf(target, change, deps.now());
  if (errors.length > 0) return { kind: 'invalid', errors };
  const subject = controlSubject(target.level, target.name);
  const setting = await (change.stopped ? stop(deps, by, subject, change) : release(deps, by, subject, change));
  const deployedInstead = deployedInsteadOf(target, deps.workflows);
  return setting.kind === 'set' && deployedInstead ? { ...setting, deployedInstead } : setting;
};

const stop = async (deps: ControlDeps, by: Identity, subject: string, change: ControlChange): Promise<Setting> => {
  let replaced: Control | undefined;
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const root = await deps.controls.root(subject);
    const { control, record, inForce } = make(deps, by, subject, change, root);
    if (attempt === 0) replaced = inForce;
    const number = root.change + 1;
    if (!(await deps.controls.settle(subject, control, { found: root.change, change: number, record }))) continue;
    // where a resume that was begun meanwhile has reached a shard first, it may have died there: the stop is begun anew
    if (!(await spread(deps.controls, CONTROL_SHARDS, number, control))) continue;
    await deps.pause(INDEX_LAG_MS);
    const executing = (await deps.controls.executing()).filter((claim) => isOver(subject, claim));
    return { kind: 'set', control, executing, ...(replaced && { replaced }) };
  }
  throw new Retryable(`${subject} kept changing while it was to be stopped: stop it again`);
};

const release = async (deps: ControlDeps, by: Identity, subject: string, change: ControlChange): Promise<Setting> => {
  const root = await deps.controls.root(subject);
  const { control, record, inForce } = make(deps, by, subject, change, root);
  if (!(await deps.controls.begin(subject, root))) return { kind: 'overtaken' };
  const number = root.change + 1;
  const spreads = await spread(deps.controls, CONTROL_SHARDS.toReversed(), number, control);
  const isSet = spreads && (await deps.controls.settle(subject, control, { found: number, change: number, record }));
  return isSet ? { kind: 'set', control, ...(inForce && { replaced: inForce }) } : { kind: 'overtaken' };
};

/** Writes every shard, also where others fail, and then fails if any did; false where a later change was found. */
const spread = async (
  controls: Controls,
  shards: readonly string[],
  number: number,
  control: Control
): Promise<boolean> => {
  const written = await Promise.allSettled(
    shards.map((shard) => controls.setShard(control.subject, shard, number, control))
  );
  const failed = written.find((each) => each.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
  return written.every((each) => each.status === 'fulfilled' && each.value);
};

const make = (
  { now, traceId }: ControlDeps,
  { id, tenant }: Identity,
  subject: string,
  { stopped, reason, mode: wanted, stops = 'writes', until }: ControlChange,
  { control: before, head }: ControlRoot
) => {
  const time = now();
  const at = time.toISOString();
  const inForce = before && isInForce(before, time) ? before : undefined;
  const of = stopped ? { stops, ...(until !== undefined && { until }) } : {};
  const mode = wanted ?? before?.mode;
  const status = stopped ? 'stopped' : 'running';
  const control: Control = { subject, stopped, ...of, ...(mode && { mode }), reason, by: id, at };
  const record = chain(
    head,
    {
      step: 'control',
      args_redacted: {
        stopped,
        ...of,
        reason,
        ...(mode && { mode }),
        ...(inForce && { replaces: stopOf(inForce) }),
      },
      policy: { decision: status, rule_ids: [] },
      result: { status },
    },
    { trace_id: traceId(), run_id: subject, at, user: { id, tenant }, release: 'none' }
  );
  return { control, record, inForce };
};

/** A stop in the chain of the one that replaces it. */
const stopOf = ({ stops = 'writes', until, at }: Control) => ({ stops, ...(until !== undefined && { until }), at });
