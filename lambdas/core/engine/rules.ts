import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { RuleId } from '../names.ts';
import type { Engine } from './engine.ts';

/** One rule of a `rules` engine: which words give which label. Data, so that it is part of the release. */
export const TextRule = z.strictObject({
  id: RuleId,
  label: z.string().min(1),
  /** Words or phrases, lower case, matched as whole words whatever the white space between. Any one is enough. */
  anyOf: z
    .array(
      z
        .string()
        .regex(/^[\p{Ll}\p{N}]+(?:[ '-][\p{Ll}\p{N}]+)*$/u, 'a phrase must be lower-case words, such as "day off"')
    )
    .min(1),
});
export type TextRule = z.infer<typeof TextRule>;

/** Lower case, one space between words, nothing else: so a phrase is found whatever stands around it. */
const wordsOf = (text: string): string =>
  ` ${text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}'-]+/gu, ' ')
    .trim()} `;

/** Answers by the first rule that matches, and abstains where none does. A rule is certain of itself: confidence 1. */
export const rulesEngine = (name: string, rules: readonly TextRule[]): Engine => {
  const id = { kind: 'rules' as const, name, version: digestOf(rules) };
  return {
    id,
    async answer({ text, labels }) {
      const words = wordsOf(text);
      const rule = rules.find(
        ({ label, anyOf }) => labels.includes(label) && anyOf.some((phrase) => words.includes(` ${phrase} `))
      );
      return rule === undefined
        ? { label: undefined, confidence: 0, abstained: true, engine: id }
        : { label: rule.label, confidence: 1, abstained: false, engine: id, rule: rule.id };
    },
  };
};
