import { join } from 'node:path';
import type { WorkflowRelease } from '../lambdas/core/workflow.ts';
import type { WorkflowDefinition } from '../statemachines/definition.ts';
import { workflows } from '../statemachines/workflows.ts';
import { type Bundles, bundle } from './bundle.ts';
import type { Config } from './config.ts';
import { readExamples } from './examples.ts';
import { releaseOf } from './release.ts';
import { type TrainedModel, trainAll } from './train.ts';

/** A workflow as it will be deployed. */
export interface PreparedWorkflow {
  readonly definition: WorkflowDefinition;
  readonly release: WorkflowRelease;
  readonly models: readonly TrainedModel[];
}

/** Everything that the stacks are made from, besides the configuration. */
export interface Prepared {
  readonly workflows: readonly PreparedWorkflow[];
  readonly bundles: Bundles;
}

export const ROOT = join(import.meta.dirname, '..');
/** Models are kept here between syntheses. */
const MODELS = join(ROOT, 'build', 'models');

/** Bundles all entry points of the project. */
export const bundleProject = (): Promise<Bundles> => bundle(ROOT);

/** Trains what the workflows' examples teach and fixes each workflow's release. */
export const prepare = (config: Config, bundles: Bundles): Prepared => ({
  bundles,
  workflows: workflows.map((definition) => {
    const examples = readExamples(config.examples ?? join(ROOT, 'statemachines', definition.name, 'examples.jsonl'));
    const models = trainAll(ROOT, MODELS, definition.classifiers(examples));
    const data = definition.data({
      mode: config.mode,
      examples,
      trainedFor: (wanted) => models.filter(({ step }) => step === wanted).map(({ spec }) => spec),
    });
    return { definition, models, release: releaseOf(definition, data, bundles) };
  }),
});
