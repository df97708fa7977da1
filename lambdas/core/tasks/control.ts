import * as z from 'zod';
import { type Head, headOf } from '../audit/record.ts';
import { Retryable, Uncertain } from '../errors.ts';
import { CONTROL_SHARDS, type ControlLevel, controlSubject, isOver } from '../gate/controls.ts';
import { Mode } from '../mode.ts';
import { Digest, ScopeName, Tenant, WorkflowName } from '../names.ts';
import { type Control, type Executing, Stops } from '../records.ts';
import { make, requestOf } from './control-record.ts';
import type { FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import type { Controls, Workflows } from './ports.ts';
import { isSentAgain } from './sent-again.ts';

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
  /** The hash of the head that whoever asks has seen: what relaxes is made of just that, and may then be sent again. */
  expects: Digest.optional(),
});
/** Without a mode, a tenant keeps the one it has: a stop and its end must not put anybody back on autopilot. */
export type ControlChange = z.infer<typeof ControlChange>;

export type Setting =
  /** `executing`, of a stop alone: what had begun before and goes on. */
  | {
      readonly kind: 'set';
      readonly control: Control;
      /** Where its chain ends with this. */
      readonly head: Head;
      /** The stop that was in force until now. */
      readonly replaced?: Control;
      readonly executing?: readonly Executing[];
      /** Where no workflow, or scope, of this name is deployed: those that are. Runs of a release before may still have it. */
      readonly deployedInstead?: readonly string[];
    }
  | { readonly kind: 'forbidden' }
  /** It would relax what the operating tenant said of this tenant. */
  | { readonly kind: 'held' }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** Somebody else set the control meanwhile: how it stands now. What ends a stop gives way, and what weakens another that it did not expect. */
  | { readonly kind: 'overtaken'; readonly stands?: Control | undefined };

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
 * whatever was begun after it. The last word holds, also where it stops less than the one before: the answer shows what it replaced. A stop answers what is executing under it. A name that is not deployed may be set too, and the answer says what is.
 *
 * What relaxes a control and says what it `expects` is made of that or not at all; sent again, it is answered as it was. Throws `Retryable` where a part could not be written: then set it
 * again, whatever was reached. Or `Uncertain`, of what relaxes and expects nothing: sent again, it would end or weaken a stop that was set since.
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
  const setting = await (change.stopped ? stop(deps, by, target, change) : release(deps, by, target, change));
  const deployedInstead = deployedInsteadOf(target, deps.workflows);
  return setting.kind === 'set' && deployedInstead ? { ...setting, deployedInstead } : setting;
};

const stop = async (deps: ControlDeps, by: Identity, target: Target, change: ControlChange): Promise<Setting> => {
  const subject = controlSubject(target.level, target.name);
  let replaced: Control | undefined;
  let weakens = false;
  try {
    for (let attempt = 0; attempt < TRIES; attempt += 1) {
      const root = await deps.controls.root(subject);
      const made = make(deps, by, { subject, change, root, level: target.level });
      if (made === 'held') return { kind: 'held' };
      const { control, record, inForce, held, isWeaker } = made;
      if (isWeaker && change.expects !== undefined && change.expects !== root.head.hash)
        return { kind: 'overtaken', stands: root.control };
      weakens ||= isWeaker;
      if (attempt === 0) replaced = inForce;
      const number = root.change + 1;
      const place = { found: root.change, change: number, record, held };
      if (!(await deps.controls.settle(subject, control, place))) continue;
      // where a resume that was begun meanwhile has reached a shard first, it may have died there: the stop is begun anew
      if (!(await spread(deps.controls, CONTROL_SHARDS, number, control))) continue;
      await deps.pause(INDEX_LAG_MS);
      const executing = (await deps.controls.executing()).filter((claim) => isOver(subject, claim));
      return { kind: 'set', control, head: headOf(record), executing, ...(replaced && { replaced }) };
    }
    throw new Retryable(`${subject} kept changing while it was to be stopped: stop it again`);
  } catch (error) {
    throw weakens ? doubted(change, error) : error;
  }
};

const release = async (deps: ControlDeps, by: Identity, target: Target, change: ControlChange): Promise<Setting> => {
  const subject = controlSubject(target.level, target.name);
  try {
    const root = await deps.controls.root(subject);
    if (change.expects !== undefined && change.expects !== root.head.hash) {
      const { control, head } = root;
      const sent = { by: by.id, request: requestOf(change) };
      return control && isSentAgain(await deps.controls.chain(subject), head, sent)
        ? { kind: 'set', control, head }
        : { kind: 'overtaken', stands: control };
    }
    const made = make(deps, by, { subject, change, root, level: target.level });
    if (made === 'held') return { kind: 'held' };
    const { control, record, inForce, held } = made;
    const overtaken = async (): Promise<Setting> => {
      const { control: stands } = await deps.controls.root(subject);
      return { kind: 'overtaken', stands };
    };
    if (!(await deps.controls.begin(subject, root))) return overtaken();
    const number = root.change + 1;
    const spreads = await spread(deps.controls, CONTROL_SHARDS.toReversed(), number, control);
    const place = { found: number, change: number, record, held };
    if (!spreads || !(await deps.controls.settle(subject, control, place))) return overtaken();
    return { kind: 'set', control, head: headOf(record), ...(inForce && { replaced: inForce }) };
  } catch (error) {
    throw doubted(change, error);
  }
};

/** What a failure of a change that relaxes is: where it expects nothing, the same again is another change by now. */
const doubted = ({ expects }: ControlChange, error: unknown): unknown =>
  expects === undefined && error instanceof Retryable
    ? new Uncertain('a control may have been relaxed: see how it stands', { cause: error })
    : error;

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
