import * as z from 'zod';
import { Digest } from '../../names.ts';

/** Room for every label of a large workflow besides what somebody wrote. */
export const MAX_PROMPT_BYTES = 32_000;

/**
 * What a workflow's folder tells a model about its labels, from `prompts/<name>.md`: trusted text, rendered at synthesis with what
 * is known then. Nothing that comes with a task is ever part of it.
 */
export const PromptFile = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a prompt must be 1 to 40 of a-z, 0-9 and "-", and start with a letter'),
  /** Of the file as it was written: SHA-256 of its bytes. */
  digest: Digest,
  text: z.string().min(1).max(MAX_PROMPT_BYTES),
});
export type PromptFile = z.infer<typeof PromptFile>;
