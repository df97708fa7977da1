import jsonata from 'jsonata';
import type { StateMachine, Task, Values } from '../../../statemachines/segments/asl.ts';

/*
 * Another way to find harm than the proof's: it carries a machine out, with JSONata, for every combination of answers that
 * its functions may give, and watches what they would do to a customer's system. It knows no graph and no condition.
 */

/** What the functions of a run have done so far. */
interface World {
  /** What Decide said last of the action, since anything was proposed. */
  readonly verdict: string;
  /** The customer's system, as far as an act may have changed it. */
  readonly act: 'none' | 'done' | 'unknown';
  /** Whether the last look-up found that nothing had happened. */
  readonly clear: boolean;
  readonly lookedUp: boolean;
  readonly readBack: boolean;
  readonly verified: string;
  /** What was read before the action, and whether people were asked since. */
  readonly read: 'none' | 'fresh' | 'stale';
  /** Whether anything failed since the last act. */
  readonly failed: boolean;
  /** What the machine is for. */
  readonly kind: 'task' | 'undo';
  /** Which action Decide ruled on last, whether as an undo, and which was acted upon last. */
  readonly decided: unknown;
  readonly undoes: unknown;
  readonly acted: unknown;
}

interface Answer {
  /** Payload of the function, or the error it fails with. */
  readonly payload?: Values;
  readonly error?: string;
  readonly world: World;
}

const START: World = {
  verdict: 'none',
  act: 'none',
  clear: false,
  lookedUp: false,
  readBack: false,
  verified: 'none',
  read: 'none',
  failed: false,
  kind: 'task',
  decided: undefined,
  undoes: undefined,
  acted: undefined,
};

const rules = ['A_RULE'];

/** The reading that shows the last act: a run's undo of its own action has one to itself. */
const shows = ({ kind, undoes }: World): string => (kind === 'task' && undoes !== undefined ? 'undone' : 'after');

const isOf = ({ action = 1 }: Values, { acted, undoes }: World): boolean => action === (undoes ?? acted);

/** Throws where a call does harm; else the answers that it may get. */
const answersOf = (name: string, payload: Values, world: World): readonly Answer[] => {
  const failing = { ...world, failed: true };
  const fault: readonly Answer[] = [{ error: 'Terminal', world: failing }];
  const says = (payloads: readonly Values[], next: (answer: Values) => World): readonly Answer[] =>
    payloads.map((answer) => ({ payload: answer, world: next(answer) }));
  // a scope by what it is for, whatever its system is
  switch (name.startsWith('step:') ? name : name.replace(/^.*:/, '')) {
    case 'step:route':
      return [
        ...says(
          [
            { kind: 'eligible', rule: 'A_RULE', ids: { issueKey: 'OPS-1' } },
            { kind: 'missing', rule: 'A_RULE', field: 'issueKey', ids: {} },
            { kind: 'not-eligible', rule: 'A_RULE', ids: {} },
            { kind: 'unsure', rule: 'A_RULE', ids: {} },
            { kind: 'over-budget', rule: 'A_RULE', ids: {} },
            { kind: 'stopped', rule: 'A_RULE', ids: {} },
          ],
          () => ({ ...world, verdict: 'none' })
        ),
        ...fault,
      ];
    case 'step:ask':
      return [
        { payload: {}, world: { ...world, verdict: 'none' } },
        { error: 'States.Timeout', world: failing },
      ];
    case 'step:propose':
      return [{ payload: {}, world: { ...world, verdict: 'none' } }, ...fault];
    case 'step:survey':
      return [
        ...says(
          [
            { kind: 'reversible', input: { issueKey: 'OPS-1' }, marker: 'a-marker' },
            { kind: 'refused', rules },
          ],
          () => ({
            ...world,
            verdict: 'none',
          })
        ),
        ...fault,
      ];
    case 'step:decide':
      if (world.kind === 'undo' && payload.undoes === undefined) throw new Error('decides on what is no undo');
      if (payload.undoes !== undefined) {
        if (world.kind === 'task' && !(world.verified === 'mismatch' && world.acted === payload.undoes))
          throw new Error('asks for an undo of what is not known to mismatch');
        const { action: decided, undoes } = payload;
        return [
          ...says(
            [
              { kind: 'authorised', rules },
              { kind: 'refused', because: 'changed', rules },
            ],
            ({ kind }) => ({
              ...world,
              verdict: String(kind),
              decided,
              undoes,
              clear: world.kind === 'task',
            })
          ),
          { error: 'Terminal', world: { ...failing, undoes } },
        ];
      }
      if (world.read === 'stale') throw new Error('decides by what was read before people were asked');
      return [
        ...says(
          [
            { kind: 'authorised', rules },
            { kind: 'approval-needed', rules },
            { kind: 'recorded', rules },
            { kind: 'refused', because: 'forbidden', rules },
            { kind: 'refused', because: 'declined', rules },
            { kind: 'refused', because: 'unsure', rules },
            { kind: 'refused', because: 'stopped', rules },
            { kind: 'refused', because: 'over-budget', rules },
            { kind: 'refused', because: 'over-rate', rules },
            { kind: 'refused', because: 'over-cap', rules },
          ],
          ({ kind }) => ({ ...world, verdict: String(kind), decided: payload.action, undoes: undefined })
        ),
        ...fault,
      ];
    case 'step:approve':
      if (world.verdict !== 'approval-needed') throw new Error('asks people for what nobody needs');
      return [
        // whatever they say
        { payload: {}, world: { ...world, verdict: 'none', read: world.read === 'none' ? 'none' : 'stale' } },
        { error: 'States.Timeout', world: failing },
      ];
    case 'write': {
      if (payload.operation === 'act') {
        if (world.verdict !== 'authorised') throw new Error('acts without authority');
        if (payload.action !== world.decided) throw new Error('acts on what was not decided');
        if (world.act !== 'none' && world.verified !== 'undone' && !world.clear) throw new Error('acts twice');
        const next = {
          ...world,
          acted: payload.action,
          clear: false,
          lookedUp: false,
          readBack: false,
          verified: 'none',
          failed: false,
        };
        return [
          { payload: { kind: 'done' }, world: { ...next, act: 'done' } },
          { error: 'Terminal', world: { ...next, act: 'none', failed: true } },
          { error: 'Uncertain', world: { ...next, act: 'unknown', failed: true } },
        ];
      }
      const looked = { ...world, lookedUp: true };
      return [
        { payload: { kind: 'done' }, world: { ...looked, act: 'done', failed: false } },
        { payload: { kind: 'not-done' }, world: { ...looked, act: 'none', clear: true } },
        { payload: { kind: 'stopped', rules }, world: { ...looked, act: 'none', clear: true } },
        { payload: { kind: 'in-doubt' }, world: looked },
        { error: 'Terminal', world: { ...looked, failed: true } },
        { error: 'Lambda.TooManyRequestsException', world: { ...looked, failed: true } },
      ];
    }
    case 'read':
      return [
        {
          payload: {},
          world: {
            ...world,
            read: payload.call === 'before' ? 'fresh' : world.read,
            readBack: world.readBack || (payload.call === shows(world) && isOf(payload, world)),
          },
        },
        ...fault,
      ];
    case 'step:verify':
      return [
        ...says(
          [
            { kind: world.undoes === undefined ? 'verified' : 'undone', rules },
            { kind: 'mismatch', rules },
          ],
          ({ kind }) => ({
            ...world,
            verified: world.readBack && payload.action === world.acted ? String(kind) : 'blind',
          })
        ),
        ...fault,
      ];
    case 'step:respond':
    case 'step:escalate': {
      if (world.act === 'unknown' && !world.lookedUp) throw new Error('ends in doubt without a look-up');
      if (world.act === 'done' && world.verified === 'none' && !world.failed) throw new Error('ends without Verify');
      if (world.act === 'done' && world.verified === 'blind') throw new Error('ends verified without reading back');
      if (world.verified === 'mismatch' && world.kind === 'task' && world.undoes === undefined && !world.failed)
        throw new Error('ends on a mismatch without asking for an undo');
      if (name === 'step:escalate') return [{ payload: {}, world }];
      if (world.kind === 'undo') {
        if (payload.outcome !== 'reported') throw new Error('says what its steps have to say');
        if (world.act !== 'none' && world.verified !== 'undone') throw new Error('reports what is not verified');
        return [{ payload: {}, world }, ...fault];
      }
      if (world.act !== 'none' && world.verified !== 'verified') throw new Error('answers an act that is not verified');
      const completed = world.act === 'done' && world.verified === 'verified';
      if ((payload.outcome === 'completed') !== completed) throw new Error('says what is not so');
      return [{ payload: {}, world }, ...fault];
    }
    default:
      throw new Error(`calls ${name}`);
  }
};

const compiled = new Map<string, jsonata.Expression>();
const evaluated = async (template: unknown, bindings: Record<string, unknown>): Promise<unknown> => {
  if (typeof template === 'string') {
    const [, source] = /^\{%(.*)%\}$/s.exec(template) ?? [];
    if (source === undefined) return template;
    const expression = compiled.get(source) ?? jsonata(source);
    compiled.set(source, expression);
    const value: unknown = await expression.evaluate(undefined, bindings);
    if (value === undefined) throw new Error(`asks for what is not there: ${template}`);
    return value;
  }
  if (Array.isArray(template)) return Promise.all(template.map((item) => evaluated(item, bindings)));
  if (typeof template !== 'object' || template === null) return template;
  const result: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(template)) result[key] = await evaluated(value, bindings);
  return result;
};

interface Point {
  readonly name: string;
  readonly variables: Record<string, unknown>;
  readonly world: World;
}

const input = { tenant: 'demo', run: 'r', workflow: 'w' };

/** The next points of a state, for every answer. Throws where what it does is harm. */
const nextOf = async (machine: StateMachine, { name, variables, world }: Point): Promise<readonly Point[]> => {
  const state = machine.States[name];
  if (state === undefined) throw new Error(`there is no state ${name}`);
  const bind = (more: object = {}) => ({
    ...variables,
    states: { input, context: { Task: { Token: 'token' } }, ...more },
  });
  const assigned = async (assign: unknown, more?: object): Promise<Record<string, unknown>> => ({
    ...variables,
    ...((await evaluated(assign ?? {}, bind(more))) as object),
  });
  if (state.Type === 'Choice') {
    for (const rule of state.Choices)
      if ((await evaluated(rule.Condition, bind())) === true)
        return [{ name: rule.Next, variables: await assigned(rule.Assign), world }];
    if (state.Default === undefined) throw new Error('no rule matches, and there is no Default');
    return [{ name: state.Default, variables: await assigned(state.Assign), world }];
  }
  const task: Task<string> = state;
  const payload = (await evaluated(task.Arguments.Payload, bind())) as Values;
  const points: Point[] = [];
  for (const answer of answersOf(String(task.Arguments.FunctionName), payload, world)) {
    if (answer.error === undefined) {
      const variablesAfter = await assigned(task.Assign, { result: { Payload: answer.payload } });
      if ('Next' in task) points.push({ name: task.Next, variables: variablesAfter, world: answer.world });
      else if (!['step:respond', 'step:escalate'].includes(String(task.Arguments.FunctionName)))
        throw new Error('ends without closing the run');
      continue;
    }
    const { error } = answer;
    const catcher = task.Catch?.find(({ ErrorEquals }) => ErrorEquals.some((e) => e === error || e === 'States.ALL'));
    if (catcher === undefined) throw new Error(`nothing catches ${error}`);
    points.push({ name: catcher.Next, variables: await assigned(catcher.Assign), world: answer.world });
  }
  return points;
};

/** The harm that some combination of answers does, or that it goes round for ever; `undefined` where none does. */
export const harmOf = async (machine: StateMachine, kind: World['kind']): Promise<string | undefined> => {
  const standing = new Map<string, 'open' | 'closed'>();
  const explore = async (point: Point): Promise<string | undefined> => {
    const key = JSON.stringify(point);
    const known = standing.get(key);
    if (known === 'open') return 'goes round for ever';
    if (known === 'closed') return undefined;
    if (standing.size > 20_000 || key.length > 2_000) return 'goes on and on'; // what is remembered grows each time round
    standing.set(key, 'open');
    let points: readonly Point[];
    try {
      points = await nextOf(machine, point);
    } catch (error) {
      return `${point.name} ${error instanceof Error ? error.message : String(error)}`;
    }
    for (const next of points) {
      const harm = await explore(next);
      if (harm !== undefined) return harm;
    }
    standing.set(key, 'closed');
    return undefined;
  };
  return explore({ name: machine.StartAt, variables: {}, world: { ...START, kind } });
};
