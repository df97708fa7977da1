import * as z from 'zod';

const name = (what: string) =>
  z.string().regex(/^[a-z0-9][a-z0-9-]{0,39}$/, `${what} must be 1 to 40 of a-z, 0-9 and "-", and not start with "-"`);

export const Tenant = name('a tenant');
export const WorkflowName = name('a workflow');

/** A privilege boundary, such as `jira:write`: one function, one role, and one secret per tenant. */
export const ScopeName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,39}:[a-z0-9][a-z0-9-]{0,39}$/,
    'a scope must be two names joined by ":", such as jira:write'
  );

/** One operation with a contract, such as `jira.assign`. */
export const ToolName = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,39}\.[a-z0-9][a-z0-9-]{0,39}$/,
    'a tool must be two names joined by ".", such as jira.assign'
  );

/** 26 characters of a-z and 2-7; also the name of the Step Functions execution. */
export const RunId = z.string().regex(/^[a-z2-7]{26}$/, 'a run id must be 26 characters of a-z and 2-7');

/** SHA-256 in lower-case hexadecimal. */
export const Digest = z.string().regex(/^[0-9a-f]{64}$/, 'a digest must be 64 hexadecimal characters');

/** The name of a rule, as it appears in verdicts and in the audit, such as `JIRA_WRITE_ALLOWED_TICKETOPS`. */
export const RuleId = z.string().regex(/^[A-Z][A-Z0-9_]{2,63}$/, 'a rule id must be 3 to 64 of A-Z, 0-9 and "_"');

/** What every step is told: whose run, and which. */
export const RunRef = z.strictObject({ tenant: Tenant, run: RunId });
export type RunRef = z.infer<typeof RunRef>;

export const ROLES = ['submitter', 'approver', 'operator', 'auditor'] as const;
export const Role = z.enum(ROLES);
export type Role = z.infer<typeof Role>;
