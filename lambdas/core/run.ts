import * as z from 'zod';
import { Head } from './audit/record.ts';
import { Digest, Role, RuleId, RunId, Tenant, WorkflowName } from './names.ts';

export const Outcome = z.enum(['completed', 'not-eligible', 'recorded', 'refused', 'escalated', 'failed']);
/** How a run ended. `escalated` and `failed` are in a person's hands. */
export type Outcome = z.infer<typeof Outcome>;

/** Active → waiting (for a reply) → active … → closed. A closed run never opens again. */
export const RunStatus = z.enum(['active', 'waiting', 'closed']);
export type RunStatus = z.infer<typeof RunStatus>;

export const Run = z.strictObject({
  tenant: Tenant,
  run: RunId,
  workflow: WorkflowName,
  release: Digest,
  /** The state machine version of that release, which its execution starts with. Runs of before this was kept have none. */
  machine: z.string().startsWith('arn:').optional(),
  status: RunStatus,
  outcome: Outcome.optional(),
  /** The rules that decided last. */
  rules: z.array(RuleId),
  user: z.strictObject({ id: z.string(), roles: z.array(Role) }),
  /** Digest of the submitted body: the same idempotency key with another body is refused. */
  taskDigest: Digest,
  /** What each step answered, by step key such as `route#0`: ids and verdicts. A repeated step answers from here. */
  steps: z.record(z.string(), z.unknown()),
  head: Head,
  /** Of a run that undoes another: which, and why an operator wanted it. */
  undo: z.strictObject({ of: RunId, reason: z.string() }).optional(),
  /** Runs that were to undo this one, the last one last. */
  undoneBy: z.array(RunId).optional(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
/** One execution of a workflow for a task. */
export type Run = z.infer<typeof Run>;
