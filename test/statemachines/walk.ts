import jsonata from 'jsonata';
import type { StateMachine } from '../../statemachines/segments/asl.ts';

/** What a task answers: a value, or the name of the error it fails with. */
export type Answer = { readonly answer: unknown } | { readonly error: string };

export interface Walk {
  readonly entered: readonly string[];
  /** What each task was told, in the order of entry. */
  readonly payloads: readonly (readonly [string, unknown])[];
  readonly output: unknown;
}

const evaluated = async (template: unknown, bindings: Record<string, unknown>): Promise<unknown> => {
  if (typeof template === 'string') {
    const [, expression] = /^\{%(.*)%\}$/.exec(template) ?? [];
    if (expression === undefined) return template;
    const value: unknown = await jsonata(expression).evaluate(undefined, bindings);
    if (value === undefined) throw new Error(`${template} has no value`);
    return JSON.parse(JSON.stringify(value));
  }
  if (Array.isArray(template)) return Promise.all(template.map((item) => evaluated(item, bindings)));
  if (typeof template !== 'object' || template === null) return template;
  const members = Object.entries(template).map(
    async ([name, item]) => [name, await evaluated(item, bindings)] as const
  );
  return Object.fromEntries(await Promise.all(members));
};

/** Follows a definition without retries, each entry into a state taking the next of its answers. */
export const walk = async (
  machine: StateMachine,
  answers: Readonly<Record<string, readonly Answer[]>>
): Promise<Walk> => {
  const input = { tenant: 'demo', run: 'r', workflow: 'ticket-triage' };
  const variables: Record<string, unknown> = {};
  const entered: string[] = [];
  const payloads: [string, unknown][] = [];
  let name = machine.StartAt;
  for (;;) {
    const state = machine.States[name];
    if (state === undefined || entered.length > 50) throw new Error(`walked astray: ${entered.join(' ')} ${name}`);
    const visits = entered.filter((each) => each === name).length;
    entered.push(name);
    const states = { input, context: { Task: { Token: 'token' } } };
    const assign = async (values: unknown, result?: unknown) =>
      Object.assign(variables, await evaluated(values ?? {}, { states: { ...states, result }, ...variables }));

    if (state.Type === 'Choice') {
      const holds = async (condition: string) => (await evaluated(condition, { states, ...variables })) === true;
      let taken: { readonly Assign?: unknown; readonly Next: string } | undefined;
      for (const rule of state.Choices) if (taken === undefined && (await holds(rule.Condition))) taken = rule;
      await assign(taken === undefined ? state.Assign : taken.Assign);
      name = taken?.Next ?? state.Default;
      continue;
    }
    payloads.push([name, await evaluated(state.Arguments.Payload, { states, ...variables })]);
    const answer = answers[name]?.[visits] ?? { answer: {} };
    if ('error' in answer) {
      const catcher = state.Catch?.find(({ ErrorEquals }) =>
        ErrorEquals.some((error) => error === answer.error || error === 'States.ALL')
      );
      if (catcher === undefined) return { entered, payloads, output: answer };
      await assign(catcher.Assign);
      name = catcher.Next;
      continue;
    }
    await assign(state.Assign, { Payload: answer.answer });
    if ('End' in state) return { entered, payloads, output: answer.answer };
    name = state.Next;
  }
};
