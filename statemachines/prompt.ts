import type * as z from 'zod';
import type { PromptFile } from '../lambdas/core/engine/model/prompt-file.ts';

/** What may stand in a prompt for a placeholder: a word or a line, a number, or a list, each of its items on a line of its own. */
export type PromptValue = string | number | readonly string[];

/** A prompt's declaration, beside its file `prompts/<name>.md`: the placeholders that this has, each with what may stand for it. */
export interface PromptDeclaration<Values extends Readonly<Record<string, PromptValue>>> {
  readonly name: string;
  readonly inputs: { readonly [Name in keyof Values]: z.ZodType<Values[Name]> };
}

/** Fills a prompt's file in. Throws a `ConfigError` that names file and line where file, declaration and values do not agree. */
export type RenderPrompt = <Values extends Readonly<Record<string, PromptValue>>>(
  prompt: PromptDeclaration<Values>,
  values: NoInfer<Values>
) => PromptFile;
