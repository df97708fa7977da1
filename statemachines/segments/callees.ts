import type { Tool } from '../../lambdas/core/tool.ts';
import type { Callee } from './task.ts';

/** The steps of a workflow that its definition calls. Each has a function of its own. */
export const STEPS = [
  'route',
  'ask',
  'propose',
  'decide',
  'approve',
  'verify',
  'survey',
  'respond',
  'escalate',
] as const;
export type StepName = (typeof STEPS)[number];

/** The functions that a workflow may call: its own steps, and the scopes of its tools. */
export interface Callees {
  readonly step: Readonly<Record<StepName, Callee>>;
  /** The function of a tool's scope. Throws for a tool whose scope the workflow does not declare. */
  readonly scopeOf: (tool: Pick<Tool, 'name' | 'scope'>) => Callee;
}
