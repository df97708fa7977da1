import * as z from 'zod';
import { AuditEvent, Head } from './record.ts';

/** Which record proves a statement. */
export const Proof = z.strictObject({ seq: z.int().nonnegative(), hash: z.string() });

/** A rule that decided, and why it exists, where that is still known. */
export const Reason = z.strictObject({ id: z.string(), because: z.string().optional() });
export type Reason = z.infer<typeof Reason>;

/** What a statement is about. Whatever a newer step recorded is `other`, in the words of its record. */
export const About = z.enum([
  'asked',
  'routed',
  'question',
  'read',
  'proposed',
  'decided',
  'approved',
  'authorised',
  'written',
  'verified',
  'undone',
  'handed-over',
  'in-doubt',
  'ended',
  'other',
]);
export type About = z.infer<typeof About>;

const { model, answer, tool, args_redacted, provenance, limits, writ, claim, sources, mode } = AuditEvent.shape;

/** One thing that happened, in a sentence, with the facts of its record and where it is proved. */
export const Statement = z.strictObject({
  about: About,
  text: z.string(),
  at: z.iso.datetime(),
  proof: Proof,
  rules: z.array(Reason).optional(),
  /** Digest of the policy that was asked. */
  policy: z.string().optional(),
  model,
  answer,
  tool,
  arguments: args_redacted,
  provenance,
  mode,
  limits,
  writ,
  claim,
  sources,
});
export type Statement = z.infer<typeof Statement>;

/** Why a run did what it did. */
export const Story = z.strictObject({
  run: z.string(),
  tenant: z.string().optional(),
  user: z.string().optional(),
  workflow: z.string().optional(),
  release: z.string().optional(),
  /** How it ended; absent where it has not. */
  outcome: z.string().optional(),
  /** What engines and tools cost, in micro-dollars. */
  cost_microusd: z.int().nonnegative(),
  /** Whether the reasons of its release's own rules are still known: only those of the release that is deployed are. */
  knows_release: z.boolean(),
  head: Head,
  /** What is wrong with the chain: then nothing below is proved. */
  fault: z.string().optional(),
  statements: z.array(Statement),
});
export type Story = z.infer<typeof Story>;
