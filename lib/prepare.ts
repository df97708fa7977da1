import { join } from 'node:path';
import type { Workflow, WorkflowRelease } from '../lambdas/core/workflow.ts';
import type { WorkflowDefinition } from '../statemachines/definition.ts';
import { workflows } from '../statemachines/workflows.ts';
import { type Bundles, bundle } from './bundle.ts';
import type { Config } from './config.ts';
import { readExamples } from './examples.ts';
import { assertPriced, tiersOf } from './models.ts';
import { openPrompts, promptFolder } from './prompts.ts';
import { assertProven } from './proof/prove.ts';
import { releaseOf } from './release.ts';
import { type TrainedModel, trainAll } from './train.ts';

/** A workflow's data, and the models that it names. */
export interface LearntWorkflow {
  readonly definition: WorkflowDefinition;
  readonly data: Workflow;
  readonly models: readonly TrainedModel[];
}

/** A workflow as it will be deployed. */
export interface PreparedWorkflow extends LearntWorkflow {
  readonly release: WorkflowRelease;
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

/** Trains what the workflows' examples teach. */
export const learn = (config: Config): readonly LearntWorkflow[] => {
  assertPriced(config.models);
  return workflows.map((definition) => {
    const examples = readExamples(config.examples ?? join(ROOT, 'statemachines', definition.name, 'examples.jsonl'));
    const models = trainAll(ROOT, MODELS, definition.classifiers(examples));
    const prompts = openPrompts(promptFolder(definition));
    const data = definition.data({
      mode: config.mode,
      shared: config,
      examples,
      trainedFor: (wanted) => models.filter(({ step }) => step === wanted).map(({ spec }) => spec),
      tiers: tiersOf(config.models),
      render: prompts.render,
    });
    prompts.assertAllRendered();
    return { definition, models, data: config.models ? { ...data, models: config.models } : data };
  });
};

/** Fixes each workflow's release. Throws `NotProven` for a workflow whose state machine breaks a promise. */
export const prepare = (learnt: readonly LearntWorkflow[], bundles: Bundles): Prepared => ({
  bundles,
  workflows: learnt.map((workflow) => {
    assertProven(workflow.definition);
    return { ...workflow, release: releaseOf(workflow.definition, workflow.data, bundles) };
  }),
});
