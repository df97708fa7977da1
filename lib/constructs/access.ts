import { cacheWriter, prefix } from '../../lambdas/core/tables.ts';
import type { DeployedStep, Scope } from '../functions.ts';

/** What a role may do with which partitions of the state table, and with the audit. Whatever is not listed is denied. */
export interface Access {
  /** GetItem, BatchGetItem, Query. */
  readonly read?: readonly string[];
  readonly put?: readonly string[];
  readonly update?: readonly string[];
  /** ConditionCheckItem, as part of a transaction. */
  readonly check?: readonly string[];
  /** Query on the index, of partitions whose keys start so. */
  readonly list?: readonly string[];
  readonly audit?: 'append' | 'append-and-read';
}

const namesOf = (scopes: readonly Scope[], effect: Scope['effect']) =>
  scopes.filter((scope) => scope.effect === effect).map(({ name }) => name);

/** Every step that moves a run: sees it, advances its head, appends to its audit. */
const MOVES = { update: [prefix.run], audit: 'append' } as const;

/** What a workflow's steps are about: its name, the scopes of its tools, and the tools that write. */
export interface Domain {
  readonly workflow: string;
  readonly scopes: readonly Scope[];
  readonly writes: readonly string[];
  /** Steps whose models give their answers again. */
  readonly remembering: readonly DeployedStep[];
}

/** Counters of the budgets over a workflow's runs. */
const budgetsOf = (workflow: string): readonly string[] => [
  prefix.budget.run,
  prefix.budget.workflow(workflow),
  prefix.budget.tenant,
];

/** Controls over a workflow's runs: a step looks whether everything is stopped before it asks an engine. */
const controlsOf = (workflow: string): readonly string[] => [
  prefix.controlOf('global#'),
  prefix.controlOf('tenant:'),
  prefix.controlOf(`workflow:${workflow}#`),
];

/**
 * What each step of a workflow may touch. Model steps write no
 * control and reach no writ, but spend of the budgets; Decide alone counts rates and caps.
 */
export const stepAccess = (step: DeployedStep, { workflow, scopes, writes, remembering }: Domain): Access => {
  const readings = namesOf(scopes, 'read').map(prefix.read);
  const writs = namesOf(scopes, 'write').map(prefix.writ);
  const claims = namesOf(scopes, 'write').map(prefix.claim);
  const evidence = [prefix.input, prefix.plan, prefix.approval, ...readings, ...writs, ...claims];
  const budgets = budgetsOf(workflow);
  const completions = remembering.includes(step) ? [prefix.cache('completion', cacheWriter(step, workflow))] : [];
  switch (step) {
    case 'route':
      return {
        audit: 'append',
        read: [prefix.run, prefix.input, ...controlsOf(workflow), ...budgets, ...completions],
        put: completions,
        update: [prefix.run, ...budgets],
      };
    case 'ask':
      return { ...MOVES, read: [prefix.run], put: [prefix.question] };
    case 'approve':
      return { ...MOVES, read: [prefix.run], put: [prefix.request] };
    case 'propose':
      return {
        read: [prefix.run, prefix.input, prefix.plan, ...controlsOf(workflow), ...readings, ...budgets, ...completions],
        put: [prefix.plan, ...completions],
        update: budgets,
      };
    case 'decide': {
      const counters = [...budgets, ...writes.map(prefix.rate), prefix.cap(workflow)];
      return {
        audit: 'append',
        read: [
          prefix.run,
          prefix.input,
          prefix.plan,
          prefix.approval,
          prefix.control,
          ...readings,
          ...writs,
          ...claims,
          ...counters,
        ],
        put: writs,
        update: [prefix.run, ...counters],
        check: [prefix.control, prefix.approval],
      };
    }
    case 'verify':
      return { ...MOVES, read: [prefix.run, ...readings, ...writs, ...claims] };
    case 'survey':
      return { ...MOVES, read: [prefix.run, ...readings, ...writs, ...claims] };
    case 'respond':
      return { ...MOVES, read: [prefix.run] };
    case 'escalate':
      return { ...MOVES, read: [prefix.run, ...evidence], put: [prefix.escalation] };
    case 'reap':
      return {
        audit: 'append',
        read: [prefix.run, ...evidence, ...budgets],
        put: [prefix.escalation],
        update: [prefix.run, ...budgets],
      };
  }
};

/** What a scope's function may touch: a read scope keeps its answers, a write scope claims its writs. */
export const scopeAccess = ({ name, effect, remembers }: Scope): Access => {
  const answers = remembers ? [prefix.cache('reading', name)] : [];
  return effect === 'read'
    ? {
        // it serves every workflow that has its tools, and looks whether its run's is stopped
        read: [
          prefix.read(name),
          ...['global#', 'tenant:', 'workflow:', `scope:${name}#`].map((subject) => prefix.controlOf(subject)),
          ...answers,
        ],
        put: [prefix.read(name), ...answers],
      }
    : {
        read: [prefix.writ(name), prefix.claim(name)],
        put: [prefix.claim(name)],
        check: [prefix.writ(name), prefix.run, prefix.control],
      };
};

/**
 * What the API may touch: tasks, replies and people's decisions in, runs created and shown, controls set, claims and requests listed, releases
 * chosen and compared. It writes no writ and no claim.
 */
export const API_ACCESS: Access = {
  read: [
    prefix.input,
    prefix.question,
    prefix.request,
    prefix.approval,
    prefix.run,
    prefix.plan,
    prefix.escalation,
    prefix.control,
    prefix.claims,
    prefix.rollout,
    prefix.budget.run,
  ],
  put: [prefix.input, prefix.run, prefix.control, prefix.approval, prefix.rollout],
  check: [prefix.run, prefix.request],
  list: [prefix.tenant, prefix.executing, prefix.pending, prefix.roots],
  audit: 'append-and-read',
};
