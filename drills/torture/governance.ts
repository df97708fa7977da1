import * as z from 'zod';
import { AuditTrail } from '../../cli/api-shapes.ts';
import { faultOf } from '../../lambdas/core/audit/verify.ts';
import type { Call, JiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import type { Write } from '../../lambdas/tools/jira/sandbox/store.ts';
import type { Evidence, Item } from './evidence.ts';
import { historyFaults } from './history.ts';
import { QUEUE, type Task } from './tasks.ts';

/** A task, and the run that the API accepted it as. */
export interface Accepted {
  readonly task: Task;
  readonly run: string;
}

/** What Jira saw. */
export interface Seen {
  readonly writes: readonly Write[];
  readonly calls: readonly Call[];
}

/** Everything that is to be judged. */
export interface Found {
  readonly evidence: Evidence;
  readonly seen: Seen;
  readonly accepted: readonly Accepted[];
  /** How many controls have been set. */
  readonly controls: number;
}

export const seenBy = (jira: JiraSandbox): Seen => ({ writes: jira.writes(), calls: jira.calls() });

const Head = AuditTrail.shape.head;
const Run = z.object({
  run: z.string(),
  status: z.string(),
  outcome: z.string().optional(),
  steps: z.record(z.string(), z.unknown()),
  head: Head,
});
const Writ = z.object({ run: z.string(), digest: z.string(), arguments: z.record(z.string(), z.string()) });
const Claim = z.object({ status: z.string(), digest: z.string() });

const below = (items: readonly Item[], prefix: string): readonly Item[] =>
  items.filter(({ pk }) => pk.startsWith(prefix));

/** The records of the audit are those whose sort key is a number of eight digits. */
const chainOf = (items: readonly Item[], pk: string) =>
  items
    .filter((item) => item.pk === pk && /^\d{8}$/.test(item.sk))
    .toSorted((a, b) => (a.sk < b.sk ? -1 : 1))
    .map(({ content }) => AuditTrail.shape.records.element.parse(content));

const runFaults = (items: readonly Item[], accepted: readonly Accepted[]): readonly string[] => {
  const runs = below(items, 'RUN#').filter(({ sk }) => sk === 'run');
  const known = new Map(runs.map(({ pk, content }) => [Run.parse(content).run, { pk, ...Run.parse(content) }]));
  const expected = new Set(accepted.map(({ run }) => run));
  return [
    ...(expected.size === accepted.length ? [] : ['two tasks have the same run']),
    ...[...known.keys()].filter((run) => !expected.has(run)).map((run) => `run ${run} is of no task`),
    ...accepted.flatMap(({ run, task }) => {
      const found = known.get(run);
      if (found === undefined) return [`run ${run} (${task.name}) is gone`];
      const { status, outcome, steps, head } = found;
      const records = chainOf(items, found.pk);
      const fault = faultOf(records, head);
      const recorded = records.map(({ step }) => step).filter((step) => step !== 'submit');
      return [
        ...(status === 'closed' && outcome === task.outcome
          ? []
          : [`run ${run} (${task.name}) is ${status}, ${outcome}; expected closed, ${task.outcome}`]),
        ...(fault === undefined ? [] : [`run ${run}: ${fault}`]),
        ...(recorded.toSorted().join() === Object.keys(steps).toSorted().join()
          ? []
          : [`run ${run} took the steps ${Object.keys(steps)}, its audit holds ${recorded}`]),
      ];
    }),
  ];
};

const controlFaults = (items: readonly Item[], controls: number): readonly string[] => {
  const roots = below(items, 'CONTROL#').filter(({ pk, sk }) => sk === 'control' && pk.endsWith('#root'));
  return [
    ...(roots.length === controls ? [] : [`there are ${roots.length} controls, expected ${controls}`]),
    ...roots.flatMap(({ pk, head }) => {
      const fault = faultOf(chainOf(items, pk.slice(0, -'#root'.length)), Head.parse(head));
      return fault === undefined ? [] : [`${pk}: ${fault}`];
    }),
  ];
};

/** What serves was decided in chains of its own, beside those of controls. */
const rolloutFaults = (items: readonly Item[]): readonly string[] =>
  below(items, 'ROLLOUT#')
    .filter(({ sk }) => sk === 'rollout')
    .flatMap(({ pk, head }) => {
      const fault = faultOf(chainOf(items, `CONTROL#release:${pk.slice('ROLLOUT#'.length)}`), Head.parse(head));
      return fault === undefined ? [] : [`${pk}: ${fault}`];
    });

const claimFaults = (items: readonly Item[], accepted: readonly Accepted[]): readonly string[] => {
  const writs = below(items, 'WRIT#');
  const claims = new Map(
    below(items, 'CLAIM#').map(({ pk, sk, content }) => [`${pk.slice('CLAIM'.length)}/${sk}`, content])
  );
  const authorised = accepted.filter(({ task }) => task.outcome === 'completed').map(({ run }) => run);
  const issued = writs.map(({ content }) => Writ.parse(content).run);
  return [
    ...(issued.toSorted().join() === authorised.toSorted().join()
      ? []
      : [`there are writs for ${issued.length} runs, expected for ${authorised.length}`]),
    ...(claims.size === writs.length ? [] : [`there are ${claims.size} claims of ${writs.length} writs`]),
    ...writs.flatMap(({ pk, sk, content }) => {
      const claim = Claim.safeParse(claims.get(`${pk.slice('WRIT'.length)}/${sk}`)).data;
      if (claim === undefined) return [`the writ ${pk} was never claimed`];
      return [
        ...(claim.status === 'done' ? [] : [`the claim of ${pk} is ${claim.status}`]),
        ...(claim.digest === Writ.parse(content).digest ? [] : [`the claim of ${pk} is of something else`]),
      ];
    }),
  ];
};

const effectFaults = ({ writes, calls }: Seen, accepted: readonly Accepted[]): readonly string[] => {
  const byIssue = Map.groupBy(writes, ({ issueKey }) => issueKey);
  const edits = Map.groupBy(
    calls.filter(({ method, status }) => method === 'PUT' && status === 204),
    ({ path }) => decodeURIComponent(path.split('/').at(-1) ?? '')
  );
  const issues = new Set(accepted.map(({ task }) => task.issueKey));
  return [
    ...[...byIssue.keys()].filter((key) => !issues.has(key)).map((key) => `${key} was changed, and is of no task`),
    ...accepted.flatMap(({ run, task }) => {
      const { issueKey, outcome } = task;
      const expected = outcome === 'completed' ? 1 : 0;
      const made = byIssue.get(issueKey) ?? [];
      const sent = edits.get(issueKey)?.length ?? 0;
      const strange = made.filter(
        ({ extraData, changes }) =>
          extraData?.writ !== `${run}-1` ||
          JSON.stringify(changes.map(({ field, to }) => [field, to])) !== JSON.stringify([['components', [QUEUE]]])
      );
      return [
        ...(made.length === expected && sent === expected
          ? []
          : [`${issueKey} (run ${run}, ${task.name}) was changed ${made.length} times by ${sent} requests`]),
        ...strange.map((write) => `${issueKey} was changed by ${JSON.stringify(write)}`),
      ];
    }),
  ];
};

const executionFaults = ({ executions }: Evidence, accepted: readonly Accepted[]): readonly string[] => {
  const named = Map.groupBy(executions, ({ name }) => name);
  const runs = new Set(accepted.map(({ run }) => run));
  return [
    ...[...named.keys()].filter((name) => !runs.has(name)).map((name) => `the execution ${name} is of no run`),
    ...[...runs].filter((run) => named.get(run)?.length !== 1).map((run) => `run ${run} has not one execution`),
    ...executions.flatMap(({ name, status, history }) => [
      ...(status === 'SUCCEEDED' ? [] : [`the execution ${name} has ended as ${status}`]),
      ...historyFaults(history).map((fault) => `the history of ${name}: ${fault}`),
    ]),
  ];
};

/**
 * What of the promises does not hold, as sentences: every accepted task has one run that ended as it must, with a whole audit and one
 * execution with a whole history; what was authorised was done once, under its writ, and nothing else was done; no claim is open.
 */
export const violations = ({ evidence, seen, accepted, controls }: Found): readonly string[] => [
  ...runFaults(evidence.items, accepted),
  ...controlFaults(evidence.items, controls),
  ...rolloutFaults(evidence.items),
  ...claimFaults(evidence.items, accepted),
  ...effectFaults(seen, accepted),
  ...executionFaults(evidence, accepted),
];
