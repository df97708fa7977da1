/*
 * The part of the Amazon States Language that segments use: JSONata, variables, Task and Choice. `Next` is the union of the
 * names that a state may lead to, so that a misspelt one does not compile.
 */

/** JSON as it stands in a definition; strings in `{% %}` are JSONata. */
export type Value = string | number | boolean | null | readonly Value[] | { readonly [name: string]: Value };
export type Values = Readonly<Record<string, Value>>;

export interface Retrier {
  readonly ErrorEquals: readonly string[];
  readonly IntervalSeconds: number;
  readonly MaxAttempts: number;
  readonly BackoffRate: number;
  readonly MaxDelaySeconds: number;
  readonly JitterStrategy: 'FULL' | 'NONE';
}

export interface Catcher<Next extends string> {
  readonly ErrorEquals: readonly string[];
  readonly Assign?: Values;
  readonly Output: Value;
  readonly Next: Next;
}

interface TaskBody<Next extends string> {
  readonly Type: 'Task';
  readonly Resource: string;
  readonly Arguments: Values;
  readonly TimeoutSeconds: number;
  readonly Retry: readonly Retrier[];
  readonly Catch?: readonly Catcher<Next>[];
  readonly Assign?: Values;
  readonly Output: Value;
}

export type Task<Next extends string> = TaskBody<Next> & ({ readonly Next: Next } | { readonly End: true });

export interface ChoiceRule<Next extends string> {
  readonly Condition: string;
  readonly Assign?: Values;
  readonly Next: Next;
}

export interface Choice<Next extends string> {
  readonly Type: 'Choice';
  readonly Choices: readonly ChoiceRule<Next>[];
  /** Holds where the default is taken, alone. */
  readonly Assign?: Values;
  readonly Default: Next;
}

export type State<Next extends string> = Task<Next> | Choice<Next>;

/** States by name. They lead to each other and to the exits, which the workflow has to provide. */
export type States<Own extends string, Exit extends string> = Readonly<Record<Own, State<Own | Exit>>>;

export interface StateMachine<Name extends string = string> {
  readonly Comment: string;
  readonly QueryLanguage: 'JSONata';
  readonly StartAt: Name;
  /** Of a whole execution. */
  readonly TimeoutSeconds: number;
  readonly States: Readonly<Record<Name, State<Name>>>;
}

/** A whole definition. Compiles only where every state that another leads to is among its states. */
export const stateMachine = <Name extends string>(definition: {
  readonly Comment: string;
  readonly StartAt: NoInfer<Name>;
  readonly TimeoutSeconds: number;
  readonly States: { readonly [Own in Name]: State<NoInfer<Name>> };
}): StateMachine<Name> => ({ ...definition, QueryLanguage: 'JSONata' });
