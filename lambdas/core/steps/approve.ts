import * as z from 'zod';
import { Terminal } from '../errors.ts';
import { APPROVAL_SECONDS, type ApprovalRequest, type Round, roundKey } from '../gate/approval.ts';
import { Verdict } from '../gate/verdict.ts';
import { Digest, RunId, Tenant } from '../names.ts';
import type { Run } from '../run.ts';
import { advance, defineStep, type StepDeps } from './step.ts';

const Output = z.strictObject({
  kind: z.literal('requested'),
  digest: Digest,
  at: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
type Output = z.infer<typeof Output>;

/** What Decide said in the same round: an approval is asked for where that needs one, and nowhere else. */
const neededBy = (run: Run, round: Round) => {
  const verdict = Verdict.safeParse(run.steps[roundKey('decide', round)]).data;
  if (verdict?.kind !== 'approval-needed')
    throw new Terminal(`run ${run.run} needs no approval of action ${round.action} in round ${round.round}`);
  return verdict;
};

const requestOf = (run: Run, round: Round, { at, expiresAt }: Output, token: string): ApprovalRequest => {
  const { digest, policy, rules, needs } = neededBy(run, round);
  return { ...round, digest, policy, rules, needs, requester: run.user.id, at, expiresAt, token };
};

/**
 * Asks people to approve what Decide said needs it. The execution waits on the task token, which lies with the run until
 * enough have approved, or somebody refuses. Authorises nothing. Asked again after a fault, only the token is new.
 */
export const approve = defineStep({
  name: 'approve',
  input: z.strictObject({
    tenant: Tenant,
    run: RunId,
    action: z.int().positive(),
    round: z.int().positive(),
    token: z.string().min(1),
  }),
  output: Output,
  run: async (deps: StepDeps, { action, round: number, token, ...ref }) => {
    const round = { action, round: number };
    const output = await advance(
      deps,
      ref,
      { key: roundKey('approve', round), wanted: {}, output: Output },
      ({ run }) => {
        const { digest, rules, needs } = neededBy(run, round);
        const at = deps.now();
        const expiresAt = new Date(at.getTime() + APPROVAL_SECONDS * 1_000).toISOString();
        const asked: Output = { kind: 'requested', digest, at: at.toISOString(), expiresAt };
        return {
          output: asked,
          rules,
          status: 'waiting' as const,
          event: {
            policy: { decision: 'ask', rule_ids: rules },
            approval: { digest, needs, expires_at: expiresAt, decisions: [] },
            result: { status: 'requested' },
          },
          deed: { kind: 'request' as const, request: requestOf(run, round, asked, token) },
        };
      }
    );
    // this attempt's token is the one that is waited for, also where another one was recorded before or at the same moment
    const known = await deps.ledger.look(ref, {});
    if (known === undefined) throw new Terminal(`there is no run ${ref.run} of tenant ${ref.tenant}`);
    await deps.ledger.requestAgain(ref, requestOf(known.run, round, output, token));
    return output;
  },
});
