import { sha256 } from '../digest.ts';
import type { RunRef } from '../names.ts';
import type { Control, Stops } from '../records.ts';

/** Everything that a stop can name: all, a tenant, a workflow, a scope. */
export const CONTROL_LEVELS = ['global', 'tenant', 'workflow', 'scope'] as const;
export type ControlLevel = (typeof CONTROL_LEVELS)[number];

/** The subject of a control, as its partition names it: `global`, `tenant:acme`, `scope:jira:write`. */
export const controlSubject = (level: ControlLevel, name?: string): string =>
  level === 'global' ? 'global' : `${level}:${name}`;

/** Whether a control of this subject can stop an action. */
export const isOver = (
  subject: string,
  { tenant, workflow, scope }: { readonly tenant: string; readonly workflow: string; readonly scope: string }
): boolean => controlsOver(tenant, workflow, scope).some((control) => control.subject === subject);

/** A control's own flag, which operators set and see first; the shards repeat it for the runs to check. */
export const ROOT = 'root';

/** For some 250 governed actions a second: see the decision record on shards, also before changing it. */
const SHARDS = 32;
/** Every shard of a control. Each run checks one, so no single item limits how many runs can check at once. */
export const CONTROL_SHARDS: readonly string[] = Array.from({ length: SHARDS }, (_, shard) => String(shard));

/** The shard of so many that a run uses, the same every time. */
export const homeOf = ({ tenant, run }: RunRef, shards: number): number =>
  Number.parseInt(sha256(`${tenant}#${run}`).slice(0, 8), 16) % shards;

/** The shard of a control that a run checks. */
export const shardOf = (ref: RunRef): string => String(homeOf(ref, SHARDS));

/** What can stop a run as a whole, widest first, and the rule that a refusal names. */
export const controlsOverRun = (tenant: string, workflow: string) =>
  [
    { subject: controlSubject('global'), rule: 'STOPPED_GLOBAL' },
    { subject: controlSubject('tenant', tenant), rule: 'STOPPED_TENANT' },
    { subject: controlSubject('workflow', workflow), rule: 'STOPPED_WORKFLOW' },
  ] as const;

/** What can stop an action, widest first, and the rule that a refusal names. */
export const controlsOver = (tenant: string, workflow: string, scope: string) =>
  [...controlsOverRun(tenant, workflow), { subject: controlSubject('scope', scope), rule: 'STOPPED_SCOPE' }] as const;
export type StopRule = ReturnType<typeof controlsOver>[number]['rule'];

/** How far clocks may be apart: a stop that ends by itself holds so much longer, so that no fast clock cuts it short. */
export const EXPIRY_MARGIN_MS = 60_000;

/** Stops whose `until` is not after this have ended, for whoever's clock says `now`. */
export const endedUntil = (now: Date): string => new Date(now.getTime() - EXPIRY_MARGIN_MS).toISOString();

/** Whether a stop holds: nobody has ended it, and it has not ended by itself. */
export const isInForce = ({ stopped, until }: Pick<Control, 'stopped' | 'until'>, now: Date): boolean =>
  stopped && (until === undefined || until > endedUntil(now));

/** The rule of the widest stop in force among `over`: of any stop, or of those alone that stop everything. */
export const stopAmong = (
  controls: readonly Control[],
  over: readonly { readonly subject: string; readonly rule: StopRule }[],
  { now, of = 'writes' }: { readonly now: Date; readonly of?: Stops }
): StopRule | undefined => {
  const inForce = controls.filter((each) => isInForce(each, now) && (of === 'writes' || each.stops === of));
  return over.find(({ subject }) => inForce.some((each) => each.subject === subject))?.rule;
};
