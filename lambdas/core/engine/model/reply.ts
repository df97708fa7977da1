import { NONE, schemaOf } from './prompt.ts';

/** More than any right answer has. */
const MAX_LENGTH = 8_192;

export type Reply =
  | { readonly kind: 'label'; readonly label: string; readonly confidence: number }
  | { readonly kind: 'none'; readonly confidence: number }
  /** In our words, for the model and nobody else: nothing of the answer is repeated. */
  | { readonly kind: 'unusable'; readonly problem: string };

/** Some models put JSON into a block of Markdown, whatever they are told. */
const withoutFence = (text: string): string => /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;

const unusable = (problem: string): Reply => ({ kind: 'unusable', problem });

/** Reads an answer. A label that was not asked about is none. */
export const replyFrom = (text: string, labels: readonly string[]): Reply => {
  if (text.length > MAX_LENGTH) return unusable('it was far too long.');
  let json: unknown;
  try {
    json = JSON.parse(withoutFence(text));
  } catch {
    return unusable('it was not one JSON object.');
  }
  const parsed = schemaOf(labels).safeParse(json);
  if (!parsed.success) {
    const wrong = new Set(
      parsed.error.issues.map(({ path: [first] }) =>
        first === 'label' ? 'label' : first === 'confidence' ? 'confidence' : 'its members'
      )
    );
    return unusable(
      `${[...wrong].join(' and ')} did not follow the schema: exactly "label" (one of the labels) and "confidence" (a number).`
    );
  }
  const { label, confidence } = parsed.data;
  if (!(confidence >= 0 && confidence <= 1)) return unusable('confidence must be a number from 0 to 1.');
  return label === NONE ? { kind: 'none', confidence } : { kind: 'label', label, confidence };
};
