import type { WorkflowDefinition } from '../../statemachines/definition.ts';
import type { State, StateMachine } from '../../statemachines/segments/asl.ts';
import { STEPS } from '../../statemachines/segments/callees.ts';
import { type Scope, scopesOf, stepTimeoutSeconds } from '../functions.ts';
import { symbolicMachine } from '../release.ts';
import { boundsBroken } from './bounds.ts';
import { followAll, type Violation } from './governance.ts';
import { understand } from './machine.ts';

/** The functions that a machine calls, as its tasks name them. */
export const functionsCalledBy = ({ States }: StateMachine): ReadonlySet<string> =>
  new Set(
    Object.values<State<string>>(States).flatMap((state) =>
      state.Type === 'Task' ? [String(state.Arguments.FunctionName)] : []
    )
  );

/**
 * Proves of a state machine, on the definition itself: every way to an act passes a ruling that authorises it, given after
 * what was proposed last; what may have happened is looked up before it is done again or the run ends; every act that is
 * done is read back and verified, or something failed and people get the run; a run is called completed where that was
 * verified, and only there; every loop is counted; every task has a time-out beyond its function's, tries again what is
 * `Retryable`, and catches the rest. Gives what is broken, each with a way that shows it.
 */
export const prove = (machine: StateMachine, scopes: readonly Scope[]): readonly Violation[] => {
  const understood = understand(machine, scopes);
  if (understood.unknown.length > 0)
    return understood.unknown.map((because) => ({ rule: 'understood', because, path: [] }));
  const timeouts = new Map<string, number>([
    ...STEPS.map((step) => [`step:${step}`, stepTimeoutSeconds(step)] as const),
    ...scopes.map(({ name, timeoutSeconds }) => [name, timeoutSeconds] as const),
  ]);
  const called = functionsCalledBy(machine);
  const unused = scopes.filter(({ name }) => !called.has(name));
  return [
    ...followAll(understood),
    ...boundsBroken(understood, timeouts),
    ...unused.map(({ name }) => ({ rule: 'used', because: `it declares tools of ${name} and calls none`, path: [] })),
  ];
};

/** A workflow whose state machine breaks a promise. */
export class NotProven extends Error {
  override readonly name = 'NotProven';
}

const said = ({ rule, because, path }: Violation): string =>
  `  ${rule}: ${because}${path.length === 0 ? '' : `\n    ${path.join(' → ')}`}`;

/** Throws `NotProven` with each thing that the workflow breaks and the way that shows it. */
export const assertProven = (definition: WorkflowDefinition): void => {
  const violations = prove(symbolicMachine(definition), scopesOf(definition));
  if (violations.length === 0) return;
  throw new NotProven(
    `the workflow ${definition.name} cannot be synthesised: its state machine breaks what every workflow promises\n${violations.map(said).join('\n')}`
  );
};
