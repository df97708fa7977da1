import type { Tool } from '../lambdas/core/tool.ts';
import type { WorkflowDefinition } from '../statemachines/definition.ts';
import { STEPS, type StepName } from '../statemachines/segments/callees.ts';

/** The functions of a workflow: the steps that its definition calls, and the reaper, which EventBridge calls. */
export const DEPLOYED_STEPS = [...STEPS, 'reap'] as const;
export type DeployedStep = StepName | 'reap';

/** Steps call DynamoDB a few times, and each call may be tried again. */
const STEP_TIMEOUT_SECONDS = 20;
/** Those that ask engines may wait for models besides, thirty seconds at most. An amount is held for more than twice as long as this. */
const ASKING_TIMEOUT_SECONDS = 45;

export const stepTimeoutSeconds = (step: DeployedStep): number =>
  step === 'route' || step === 'propose' ? ASKING_TIMEOUT_SECONDS : STEP_TIMEOUT_SECONDS;
/** What a scope's function needs besides the call of its tool: secrets, and the records before and after. */
const SCOPE_OVERHEAD_SECONDS = 15;

/** One privilege boundary and the tools inside it. */
export interface Scope {
  readonly name: string;
  readonly effect: 'read' | 'write';
  /** The slowest of its tools, and what the function does around it. */
  readonly timeoutSeconds: number;
  /** Whether it has a tool whose answers may be given again. */
  readonly remembers: boolean;
}

/** The scopes of a workflow's tools, by name. Throws a TypeError where tools that read and tools that write share one. */
export const scopesOf = ({ tools }: Pick<WorkflowDefinition, 'tools'>): readonly Scope[] => {
  const byScope = Map.groupBy(tools, ({ scope }) => scope);
  return [...byScope].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, members]) => scopeFrom(name, members));
};

const scopeFrom = (name: string, tools: readonly Tool[]): Scope => {
  const effects = new Set(tools.map(({ effect }) => (effect === 'read' ? 'read' : 'write')));
  const [effect, another] = effects;
  if (effect === undefined || another !== undefined)
    throw new TypeError(`the scope ${name} must have tools that read or tools that write, not both`);
  const slowest = Math.max(...tools.map(({ timeoutSeconds }) => timeoutSeconds));
  const remembers = tools.some((tool) => tool.effect === 'read' && tool.cacheSeconds !== undefined);
  const calls = effect === 'read' ? 2 : 1; // what is to be undone is read, and then its history
  return { name, effect, timeoutSeconds: slowest * calls + SCOPE_OVERHEAD_SECONDS, remembers };
};

/** Names of bundles, as `bundle` gives them. */
export const bundleName = {
  step: (step: DeployedStep): string => `steps-${step}`,
  /** `jira:write` has its entry point in `tools/jira/write.ts`. */
  scope: (scope: string): string => `tools-${scope.replace(':', '-')}`,
  archive: 'steps-archive',
  api: 'api-http',
  token: 'api-token',
} as const;

/** `jira:write` → `JiraWrite`, `ticket-triage` → `TicketTriage`: construct ids, which are contracts of deployed stacks. */
export const pascalCase = (name: string): string =>
  name.replace(/(?:^|[^a-z0-9])([a-z0-9])/g, (_, first: string) => first.toUpperCase());
