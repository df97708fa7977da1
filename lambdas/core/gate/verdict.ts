import * as z from 'zod';
import { Standing } from '../limits/limit.ts';
import { Digest, RuleId, ScopeName } from '../names.ts';
import { Need } from './approval.ts';

/** Which writ, and of what: enough for the scope's function to find and check it. */
export const WritRef = z.strictObject({ scope: ScopeName, action: z.int().positive(), digest: Digest });
export type WritRef = z.infer<typeof WritRef>;

/**
 * Why an action was refused. `schema`: its arguments do not fit the contract. `provenance`: an argument does not come from
 * where it says. `forbidden`: the policy. `unsure`: the engine or the policy wants a person. `stopped`: an operator.
 * `taken`: the action has a writ for something else. `declined`: somebody who was asked to approve it. `not-approved`: what was
 * approved is not this. `over-budget`, `over-rate`, `over-cap`: a limit, which the verdict shows.
 */
export const Refusal = z.enum([
  'schema',
  'provenance',
  'forbidden',
  'unsure',
  'stopped',
  'taken',
  'declined',
  'not-approved',
  'over-budget',
  'over-rate',
  'over-cap',
]);
export type Refusal = z.infer<typeof Refusal>;

export const Verdict = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('authorised'), writ: WritRef, rules: z.array(RuleId) }),
  z.strictObject({ kind: z.literal('recorded'), rules: z.array(RuleId) }),
  z.strictObject({
    kind: z.literal('approval-needed'),
    rules: z.array(RuleId),
    /** Of the action, the release and the policy: what an approval is bound to. */
    digest: Digest,
    policy: Digest,
    needs: z.array(Need).min(1),
  }),
  z.strictObject({
    kind: z.literal('refused'),
    because: Refusal,
    rules: z.array(RuleId),
    /** Each limit that has no room for the action, where one refused it. */
    limits: z.array(Standing).optional(),
  }),
]);
/** What Decide says of an action. A refusal is a value: it is final for this action, and no fault. */
export type Verdict = z.infer<typeof Verdict>;
