import type { Engine } from '../engine.ts';
import { type Model, predict } from './model.ts';

/**
 * A model as an engine. It gives only labels that both it and the question know, and abstains on text without a feature
 * that it knows. `version` should be the digest of the model's bytes: it stands in the audit.
 */
export const classifierEngine = (name: string, version: string, model: Model): Engine => {
  const id = { kind: 'classifier' as const, name, version };
  return {
    id,
    answer: async ({ text, labels }) => ({ ...predict(model, text, labels), engine: id }),
  };
};
