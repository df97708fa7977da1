import { sha256 } from '../digest.ts';
import type { RunRef } from '../names.ts';

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

/** What can stop an action, widest first, and the rule that a refusal names. */
export const controlsOver = (tenant: string, workflow: string, scope: string) =>
  [
    { subject: controlSubject('global'), rule: 'STOPPED_GLOBAL' },
    { subject: controlSubject('tenant', tenant), rule: 'STOPPED_TENANT' },
    { subject: controlSubject('workflow', workflow), rule: 'STOPPED_WORKFLOW' },
    { subject: controlSubject('scope', scope), rule: 'STOPPED_SCOPE' },
  ] as const;
