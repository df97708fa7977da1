import * as z from 'zod';
import type { Workflow } from '../lambdas/core/workflow.ts';
import type { WorkflowDefinition } from '../statemachines/definition.ts';

/** Whether a schema may take a whole number: what it takes of a few shows it, since no schema says it of itself. */
const takesNumbers = (schema: z.ZodType): boolean => {
  const { type } = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
  return type === 'integer' || type === 'number';
};

/**
 * Throws a TypeError for a cap that could never be counted: by an argument that the workflow's action does not have, or of one that
 * is no number. It would refuse every action, and only when the first one is decided.
 */
export const assertCountable = ({ name, tools }: Pick<WorkflowDefinition, 'name' | 'tools'>, data: Workflow): void => {
  const tool = tools.find((each) => each.name === data.proposal.tool);
  const shape: Readonly<Record<string, z.ZodType>> = tool?.input.shape ?? {};
  for (const { rule, by, counts } of data.limits.caps) {
    const counted = counts === 'actions' ? [] : [counts.argument];
    const unknown = [...by, ...counted].find((argument) => !Object.hasOwn(shape, argument));
    if (unknown !== undefined)
      throw new TypeError(
        `${name}: the cap ${rule} names ${unknown}, which ${data.proposal.tool} does not take: expected one of ${Object.keys(shape).join(', ')}`
      );
    const text = counted.find((argument) => !(shape[argument] && takesNumbers(shape[argument])));
    if (text !== undefined)
      throw new TypeError(
        `${name}: the cap ${rule} counts ${text}, which is not a number: expected a whole one, from 0`
      );
  }
};
