import { digestOf } from '../lambdas/core/digest.ts';
import { Workflow, WorkflowRelease } from '../lambdas/core/workflow.ts';
import type { WorkflowDefinition } from '../statemachines/definition.ts';
import type { StateMachine } from '../statemachines/segments/asl.ts';
import type { Callees, StepName } from '../statemachines/segments/callees.ts';
import { STEPS } from '../statemachines/segments/callees.ts';
import type { Callee } from '../statemachines/segments/task.ts';
import { undoMachine } from '../statemachines/segments/undo.ts';
import { type Bundles, bundleOf } from './bundle.ts';
import { assertCountable } from './countable.ts';
import { assertFresh } from './fresh.ts';
import { bundleName, DEPLOYED_STEPS, scopesOf, stepTimeoutSeconds } from './functions.ts';
import { assertAnswerable, modelBundles, modelNeeds } from './models.ts';

/** The functions that a definition calls, given how each is addressed. */
export const calleesOf = (
  definition: WorkflowDefinition,
  arnOf: { readonly step: (step: StepName) => string; readonly scope: (scope: string) => string }
): Callees => {
  const steps = STEPS.map(
    (step) => [step, { arn: arnOf.step(step), timeoutSeconds: stepTimeoutSeconds(step) }] as const
  );
  const scopes = scopesOf(definition);
  return {
    step: Object.fromEntries(steps) as Record<StepName, Callee>,
    scopeOf: (tool) => {
      const scope = scopes.find(({ name }) => name === tool.scope);
      if (scope === undefined) throw new TypeError(`${definition.name} calls ${tool.name} but does not declare it`);
      return { arn: arnOf.scope(scope.name), timeoutSeconds: scope.timeoutSeconds };
    },
  };
};

/** The definition with its functions by name, before any is deployed: `step:<name>` and `<scope>`. */
export const symbolicMachine = (definition: WorkflowDefinition): StateMachine =>
  definition.machine(calleesOf(definition, { step: (step) => `step:${step}`, scope: (scope) => scope }));

/** The state machine by which an operator has a run undone, with its functions by name. */
export const symbolicUndoMachine = (definition: WorkflowDefinition): StateMachine =>
  undoMachine(calleesOf(definition, { step: (step) => `step:${step}`, scope: (scope) => scope }), definition);

/**
 * Digest of everything that decides a run's behaviour: data with models, policies and limits, code of its functions, states.
 * Throws for data that no workflow can have.
 */
export const releaseOf = (definition: WorkflowDefinition, data: Workflow, bundles: Bundles): WorkflowRelease => {
  const names = [
    ...DEPLOYED_STEPS.map(bundleName.step),
    ...scopesOf(definition).map(({ name }) => bundleName.scope(name)),
    ...new Set(DEPLOYED_STEPS.flatMap((step) => modelBundles(modelNeeds(step, data)))),
  ];
  const code = Object.fromEntries(names.map((name) => [name, bundleOf(bundles, name).digest]));
  assertFresh(definition);
  const machine = symbolicMachine(definition);
  const undo = symbolicUndoMachine(definition);
  const workflow = Workflow.parse(data);
  assertCountable(definition, workflow);
  assertAnswerable(workflow);
  return WorkflowRelease.parse({ ...workflow, release: digestOf({ workflow, code, machine, undo }) });
};
