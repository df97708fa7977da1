import * as z from 'zod';
import type { PromptDeclaration } from '../../prompt.ts';

/** What a model is told of the queues that a ticket may go to. */
export const queuePrompt: PromptDeclaration<{ queues: readonly string[] }> = {
  name: 'queue',
  inputs: { queues: z.array(z.string().min(1).max(255)).min(1) },
};
