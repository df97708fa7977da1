import type { Dossier } from '../ledger.ts';
import type { Tools } from '../provenance.ts';
import type { Plan } from '../records.ts';
import type { Facts } from './policy.ts';

const isFact = (value: unknown): value is Facts[string] =>
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'boolean' ||
  (Array.isArray(value) && value.every((item) => typeof item === 'string'));

/**
 * What a policy may look at: the action, its arguments and where they come from, who asked, and fields of what was read
 * that a system of record vouches for. What outsiders wrote is not among them: no text can argue with a rule.
 */
export const factsOf = ({ run, readings }: Dossier, plan: Plan, tools: Tools): Facts => {
  const facts: Record<string, Facts[string]> = {
    'action.tool': plan.tool,
    'action.scope': tools[plan.tool]?.scope ?? '',
    'action.workflow': run.workflow,
    'user.roles': run.user.roles,
    'plan.confidence': plan.confidence,
  };
  for (const [name, value] of Object.entries(plan.arguments)) facts[`args.${name}`] = value;
  for (const [name, provenance] of Object.entries(plan.provenance)) facts[`provenance.${name}`] = provenance;
  for (const { tool: name, output } of readings) {
    const tool = tools[name];
    if (tool?.effect !== 'read') continue;
    for (const [field, value] of Object.entries(output))
      if (tool.trust[field] === 'record' && isFact(value)) facts[`record.${field}`] = value;
  }
  return facts;
};
