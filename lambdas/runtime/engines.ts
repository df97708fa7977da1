import { sha256 } from '../core/digest.ts';
import { cascade } from '../core/engine/cascade.ts';
import { classifierEngine } from '../core/engine/classifier/engine.ts';
import { parse } from '../core/engine/classifier/parse.ts';
import type { Engine } from '../core/engine/engine.ts';
import { rulesEngine } from '../core/engine/rules.ts';
import { Terminal } from '../core/errors.ts';
import type { EngineSpec } from '../core/workflow.ts';

const engineFrom = (spec: EngineSpec, read: (file: string) => Uint8Array): Engine => {
  if (spec.kind === 'rules') return rulesEngine(spec.name, spec.rules);
  const bytes = read(spec.file);
  if (sha256(bytes) !== spec.digest) throw new Terminal(`${spec.file} is not the model that this release names`);
  return classifierEngine(spec.name, spec.digest, parse(bytes));
};

/** The engines of a step in the order in which they are asked. `read` gets a model's file. */
export const enginesFrom = (specs: readonly EngineSpec[], read: (file: string) => Uint8Array): Engine => {
  const [first, ...others] = specs.map((spec) => engineFrom(spec, read));
  if (first === undefined) throw new Terminal('a step needs at least one engine');
  return cascade([first, ...others]);
};
