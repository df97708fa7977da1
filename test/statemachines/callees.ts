import { type Callees, STEPS, type StepName } from '../../statemachines/segments/callees.ts';
import type { Callee } from '../../statemachines/segments/task.ts';

/** Functions as a definition sees them, addressed by their names, each with a time-out of its own. */
export const symbolicCallees: Callees = {
  step: Object.fromEntries(STEPS.map((step, at) => [step, { arn: `step:${step}`, timeoutSeconds: 10 + at }])) as Record<
    StepName,
    Callee
  >,
  scopeOf: ({ scope }) => ({ arn: scope, timeoutSeconds: 40 }),
};
