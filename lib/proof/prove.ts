import { actionOfUndo } from '../../lambdas/core/gate/undo.ts';
import type { Tool } from '../../lambdas/core/tool.ts';
import type { WorkflowDefinition } from '../../statemachines/definition.ts';
import type { State, StateMachine } from '../../statemachines/segments/asl.ts';
import { STEPS } from '../../statemachines/segments/callees.ts';
import { type Scope, scopesOf, stepTimeoutSeconds } from '../functions.ts';
import { symbolicMachine, symbolicUndoMachine } from '../release.ts';
import { boundsBroken } from './bounds.ts';
import { followAll, type Purpose, type Violation } from './governance.ts';
import { understand } from './machine.ts';
import { wayTo } from './ways.ts';

/** The functions that a machine calls, as its tasks name them. */
export const functionsCalledBy = ({ States }: StateMachine): ReadonlySet<string> =>
  new Set(
    Object.values<State<string>>(States).flatMap((state) =>
      state.Type === 'Task' ? [String(state.Arguments.FunctionName)] : []
    )
  );

/**
 * Proves of a state machine, on the definition itself: every way to an act passes a ruling that authorises it, given after
 * what was proposed last and after every approval, which authorises nothing; people are asked where a ruling wants it, and what was read is read again when they were; what may have happened is looked up before it is done again or the run ends; every act that is
 * done is read back and verified, or something failed and people get the run; a run is called completed where that was
 * verified, and only there; every loop is counted; every task has a time-out beyond its function's, tries again what is
 * `Retryable`, and catches the rest. Gives what is broken, each with a way that shows it.
 */
export const prove = (machine: StateMachine, scopes: readonly Scope[], purpose: Purpose): readonly Violation[] => {
  const understood = understand(machine, scopes);
  if (understood.unknown.length > 0)
    return understood.unknown.map(({ state, because }) => ({
      rule: 'understood',
      because,
      path: state === undefined ? ['StartAt'] : wayTo(understood, state),
    }));
  const timeouts = new Map<string, number>([
    ...STEPS.map((step) => [`step:${step}`, stepTimeoutSeconds(step)] as const),
    ...scopes.map(({ name, timeoutSeconds }) => [name, timeoutSeconds] as const),
  ]);
  const called = functionsCalledBy(machine);
  const unused = scopes.filter(({ name }) => !called.has(name));
  return [
    ...followAll(understood, purpose),
    ...boundsBroken(understood, timeouts),
    ...unused.map(({ name }) => ({
      rule: 'used',
      because: `it declares tools of ${name} and calls none`,
      path: [name],
    })),
  ];
};

/** What one of a workflow's machines is for. */
export const purposeOf = ({ actions }: WorkflowDefinition, kind: Purpose['kind']): Purpose => ({
  kind,
  reversible: new Set(actions.flatMap(({ action, write }) => (write.undo === 'irreversible' ? [] : [action]))),
});

/** The tools that the undo of a workflow's actions calls. */
export const toolsOfUndo = ({ actions }: WorkflowDefinition): readonly Tool[] =>
  actions.flatMap(({ write, seenBy }) => [write, seenBy]);

/** What of a workflow's declared actions does not fit its machine, or cannot be undone as their contracts say. */
const irreversibly = (definition: WorkflowDefinition): readonly Violation[] => {
  const { actions, tools, name } = definition;
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const understood = understand(symbolicMachine(definition), scopesOf(definition));
  const acted = [...understood.states.values()].flatMap(({ name: state, part }) =>
    part.kind === 'act' && actionOfUndo(part.action) === part.action ? [{ ...part, state }] : []
  );
  const broken = (because: string, path: readonly string[]): Violation => ({ rule: 'reversible', because, path });
  return [
    ...acted
      .filter(({ action, scope }) => !actions.some((each) => each.action === action && each.write.scope === scope))
      .map(({ action, scope, state }) =>
        broken(`${name} acts on ${scope} as action ${action} and does not declare it`, wayTo(understood, state))
      ),
    ...actions.flatMap(({ action, write, seenBy }) => {
      if (write.seenBy !== seenBy.name)
        return [broken(`action ${action} is seen by ${write.seenBy}, not by ${seenBy.name}`, [write.name])];
      if (write.undo === 'irreversible') return [];
      const by = byName.get(write.undo.by);
      const fits = by !== undefined && by.effect !== 'read' && by.scope === write.scope && by.seenBy === write.seenBy;
      return fits
        ? []
        : [
            broken(
              `${write.name} is undone by ${write.undo.by}, which must be a write tool of ${name}, of the same scope and seen by the same tool`,
              [write.name]
            ),
          ];
    }),
  ];
};

/** A workflow whose state machine breaks a promise. */
export class NotProven extends Error {
  override readonly name = 'NotProven';
}

const said = ({ rule, because, path }: Violation): string => `  ${rule}: ${because}\n    ${path.join(' → ')}`;

/** Tools whose effect cannot be undone, of a workflow that has no way to ask anybody: the gate would never let them be used. */
const unasked = (definition: WorkflowDefinition, machine: StateMachine): readonly Violation[] => {
  if (functionsCalledBy(machine).has('step:approve')) return [];
  const understood = understand(machine, scopesOf(definition));
  const actOf = (scope: string) =>
    understood.states.values().find(({ part }) => part.kind === 'act' && part.scope === scope);
  return definition.tools
    .filter((tool) => tool.effect !== 'read' && tool.undo === 'irreversible')
    .map(({ name, scope }) => {
      const act = actOf(scope);
      const path = act === undefined ? [name] : wayTo(understood, act.name);
      return { rule: 'asks', because: `${name} cannot be undone, and no state asks people`, path };
    });
};

/** Throws `NotProven` with each thing that the workflow breaks and the way that shows it. */
export const assertProven = (definition: WorkflowDefinition): void => {
  const machine = symbolicMachine(definition);
  const violations = [
    ...prove(machine, scopesOf(definition), purposeOf(definition, 'task')),
    ...prove(
      symbolicUndoMachine(definition),
      scopesOf({ tools: toolsOfUndo(definition) }),
      purposeOf(definition, 'undo')
    ),
    ...irreversibly(definition),
    ...unasked(definition, machine),
  ];
  if (violations.length === 0) return;
  throw new NotProven(
    `the workflow ${definition.name} cannot be synthesised: its state machine breaks what every workflow promises\n${violations.map(said).join('\n')}`
  );
};
