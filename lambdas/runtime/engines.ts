import { sha256 } from '../core/digest.ts';
import { cascade } from '../core/engine/cascade.ts';
import { classifierEngine } from '../core/engine/classifier/engine.ts';
import { parse } from '../core/engine/classifier/parse.ts';
import type { Engine } from '../core/engine/engine.ts';
import { type ModelEngine, modelEngine } from '../core/engine/model/model.ts';
import type { ModelSettings } from '../core/engine/model/settings.ts';
import { rulesEngine } from '../core/engine/rules.ts';
import { Terminal } from '../core/errors.ts';
import type { EngineSpec } from '../core/workflow.ts';
import { modelDeps } from './models.ts';

type ModelDeps = ReturnType<typeof modelDeps>;
type Remembering = (engine: ModelEngine) => Engine;

const engineFrom = (
  spec: EngineSpec,
  read: (file: string) => Uint8Array,
  models: ModelDeps | undefined,
  remembers: Remembering
): Engine => {
  if (spec.kind === 'rules') return rulesEngine(spec.name, spec.rules);
  if (spec.kind === 'model') {
    if (models === undefined) throw new Terminal(`${spec.name} is a model, and this release has none`);
    const { name, tier, threshold, prompt } = spec;
    return remembers(modelEngine({ ...models, name, tier, threshold, prompt }));
  }
  const bytes = read(spec.file);
  if (sha256(bytes) !== spec.digest) throw new Terminal(`${spec.file} is not the model that this release names`);
  return classifierEngine(spec.name, spec.digest, parse(bytes));
};

/** The engines of a step in the order in which they are asked. `read` gets a classifier's file; `remembers` makes models give their answers again. */
export const enginesFrom = (
  specs: readonly EngineSpec[],
  read: (file: string) => Uint8Array,
  settings?: ModelSettings,
  remembers: Remembering = (engine) => engine
): Engine => {
  const share = specs.filter(({ kind }) => kind === 'model').length;
  const models = settings && modelDeps(settings, Math.max(1, share));
  const [first, ...others] = specs.map((spec) => engineFrom(spec, read, models, remembers));
  if (first === undefined) throw new Terminal('a step needs at least one engine');
  return cascade([first, ...others], () => performance.now());
};
