import type { Engine } from '../core/engine/engine.ts';
import type { ModelEngine } from '../core/engine/model/model.ts';
import { remembered } from '../core/engine/model/remembered.ts';
import type { PayingStep } from '../core/steps/paid.ts';
import { cacheWriter } from '../core/tables.ts';
import type { WorkflowRelease } from '../core/workflow.ts';
import { memory } from './cache.ts';

/** What makes a step's models give their answers again, for as long as the release says; undefined where it has none, or says never. */
export const remembering = (
  { release, workflow, models }: WorkflowRelease,
  step: PayingStep
): ((engine: ModelEngine) => Engine) | undefined => {
  const keepSeconds = models?.cacheSeconds ?? 0;
  if (keepSeconds === 0) return undefined;
  const options = { memory: memory(), writer: cacheWriter(step, workflow), release, keepSeconds };
  return (engine) => remembered(engine, options);
};
