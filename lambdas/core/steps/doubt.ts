import type { AuditEvent } from '../audit/record.ts';
import { mayBeginUntil } from '../gate/undo.ts';
import type { Dossier } from '../ledger.ts';
import type { Tools } from '../provenance.ts';
import { type Claim, type Doubt, markerOf } from '../records.ts';
import { writsNamed } from './report.ts';
import type { StepDeps } from './step.ts';

/**
 * Every writ that the steps of a run name, and what became of it: that of the dossier first, as it was found, then those of other actions and of
 * undos that the run made of its own.
 */
export const usesOf = async ({ ledger }: Pick<StepDeps, 'ledger'>, dossier: Dossier): Promise<readonly Dossier[]> => {
  const named = writsNamed(dossier.run.steps).filter(({ action }) => action !== dossier.writ?.action);
  const others = named.map(async ({ scope, action }) => {
    const found = await ledger.look(dossier.run, { writ: { scope, action }, claim: { scope, action } });
    return found === undefined ? [] : [found];
  });
  return [dossier, ...(await Promise.all(others)).flat()];
};

type Standing = Pick<Doubt, 'claim' | 'since' | 'leaseUntil'>;

const standingOf = (claim: Claim | undefined, timeoutSeconds: number, abandonedAt?: string): Standing | undefined => {
  if (claim?.status === 'executing' || claim?.status === 'in-doubt')
    return { claim: claim.status, since: claim.startedAt, leaseUntil: claim.leaseUntil };
  if (abandonedAt === undefined || (claim !== undefined && claim.status !== 'released')) return undefined;
  return { claim: 'unclaimed', since: abandonedAt, leaseUntil: mayBeginUntil(abandonedAt, timeoutSeconds) };
};

/**
 * What of a writ's use nobody knows, and how it can be found out; undefined where its end is known. What was never claimed has not happened, unless the
 * run was `abandonedAt` some time by an execution that waited for no function.
 */
export const doubtOf = (
  { writ, claim }: Pick<Dossier, 'writ' | 'claim'>,
  tools: Tools,
  abandonedAt?: string
): Doubt | undefined => {
  if (writ === undefined) return undefined;
  const tool = Object.hasOwn(tools, writ.tool) ? tools[writ.tool] : undefined;
  const standing = standingOf(claim, tool?.timeoutSeconds ?? 0, abandonedAt);
  if (standing === undefined) return undefined;
  const input = tool?.input.safeParse(writ.arguments);
  return {
    action: writ.action,
    tool: writ.tool,
    scope: writ.scope,
    ...(tool && tool.effect !== 'read' && { seenBy: tool.seenBy }),
    arguments: tool && tool.effect !== 'read' && input?.success ? { ...tool.redact(input.data) } : {},
    marker: markerOf(writ),
    ...standing,
  };
};

/** A doubt as the audit has it. */
export const doubtAs = ({
  seenBy,
  arguments: args,
  leaseUntil,
  ...doubt
}: Doubt): NonNullable<AuditEvent['doubts']>[number] => ({
  ...doubt,
  ...(seenBy !== undefined && { seen_by: seenBy }),
  args_redacted: args,
  lease_until: leaseUntil,
});
