import type { AuditRecord } from '../../lambdas/core/audit/record.ts';
import { findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../lambdas/core/digest.ts';
import { windowOf } from '../../lambdas/core/limits/windows.ts';
import type { Writ } from '../../lambdas/core/records.ts';
import type { Run } from '../../lambdas/core/run.ts';
import { chainKey, counted } from '../../lambdas/core/tables.ts';
import type { Evidence } from './evidence.ts';
import { brokenGuards } from './guards.ts';
import { ALL_SLOTS, costOf, LIMITS, RATE, type World } from './world.ts';

/*
 * What has to be so whatever has happened, judged by the tables and by what happened in the system: no answer of any step is asked.
 * The rules are written down once more here, from what is promised, not from how it is kept.
 */

/** What was seen before: some of it must never change again. */
export interface Seen {
  readonly writs: Map<string, string>;
  readonly runs: Map<string, Run>;
}

const thingOf = ({ arguments: { issueKey } }: Writ): string => String(issueKey);

/** What each writ has to have used up, by counter: its name, how much, and how much there may be. */
const usesOf = (writ: Writ): readonly (readonly [string, number, number])[] => {
  const { tenant, run, workflow, tool, issuedAt } = writ;
  const during = (per: 'minute' | 'hour' | 'day'): string => windowOf(new Date(issuedAt), per).start;
  const { runMicrousd, workflowDayMicrousd, tenantDayMicrousd } = LIMITS.budgets;
  const cost = costOf(thingOf(writ));
  return [
    [`${counted.byRun({ tenant, run })} run`, cost, runMicrousd],
    [`${counted.byWorkflow(workflow)} ${during('day')}`, cost, workflowDayMicrousd],
    [`${counted.byTenant(tenant)} ${during('day')}`, cost, tenantDayMicrousd],
    [`${counted.byTool(tool, tenant)} ${during(RATE.per)}`, 1, RATE.atMost],
    ...LIMITS.caps.map(({ rule, by, per, atMost }) => {
      const values = digestOf(by.map((name) => writ.arguments[name] ?? null)).slice(0, 32);
      return [`${counted.byCap(workflow, { rule, tenant, values })} ${during(per)}`, 1, atMost] as const;
    }),
  ];
};

const spendingFaults = ({ writs, used }: Evidence): readonly string[] => {
  const due = new Map<string, { sum: number; atMost: number }>();
  for (const [name, amount, atMost] of writs.flatMap(({ writ }) => usesOf(writ)))
    due.set(name, { sum: (due.get(name)?.sum ?? 0) + amount, atMost });
  return [...new Set([...due.keys(), ...used.keys()])].flatMap((name) => {
    const { sum, atMost } = due.get(name) ?? { sum: 0, atMost: Number.POSITIVE_INFINITY };
    const counted = used.get(name) ?? 0;
    return [
      ...(sum > atMost ? [`${name}: writs use ${sum} of ${atMost}`] : []),
      ...(sum === counted ? [] : [`${name}: writs use ${sum}, ${counted} was charged`]),
    ];
  });
};

const isIssue = ({ policy, result }: AuditRecord): boolean =>
  policy?.decision === 'permitted' && result?.status === 'authorised';

const writFaults = ({ writs, claims, chains }: Evidence, seen: Seen): readonly string[] => [
  ...writs.flatMap(({ key: { pk, sk }, writ }) => {
    const name = `${pk}/${sk}`;
    const [before, now] = [seen.writs.get(name), digestOf(writ)];
    seen.writs.set(name, now);
    const issues = (chains.get(chainKey.run(writ)) ?? []).filter(
      (each) => isIssue(each) && each.step === `decide#${sk}`
    );
    return [
      ...(before === undefined || before === now ? [] : [`${name} is another writ than before`]),
      ...(issues.length === 1 ? [] : [`${name} was issued ${issues.length} times, as the audit has it`]),
      ...(writ.digest === digestOf({ tool: writ.tool, arguments: writ.arguments })
        ? []
        : [`${name} has another digest`]),
    ];
  }),
  ...[...seen.writs.keys()]
    .filter((name) => !writs.some(({ key: { pk, sk } }) => `${pk}/${sk}` === name))
    .map((name) => `${name} is gone`),
  ...claims.flatMap(({ key: { pk, sk }, claim, of }) =>
    of?.digest === claim.digest ? [] : [`${pk}/${sk} claims what no writ authorises`]
  ),
];

const runFaults = ({ runs, chains, roots, escalated, writs }: Evidence, seen: Seen): readonly string[] => [
  ...runs.flatMap((run) => {
    const before = seen.runs.get(run.run);
    seen.runs.set(run.run, run);
    const records = chains.get(chainKey.run(run)) ?? [];
    const isOpened =
      before?.status === 'closed' &&
      (run.status !== 'closed' || run.outcome !== before.outcome || run.head.seq !== before.head.seq);
    const recorded = records
      .slice(1)
      .map(({ step }) => step)
      .toSorted();
    const isIssued = records.some(isIssue);
    const isHandedOver = run.outcome === 'escalated' || run.outcome === 'failed';
    return [
      ...findingsOf(records, run.head, run.run).map((finding) => `run ${run.run}: ${sentenceOf(finding)}`),
      ...(isOpened ? [`run ${run.run} moved after it was closed`] : []),
      ...(recorded.join() === Object.keys(run.steps).toSorted().join()
        ? []
        : [`run ${run.run} took other steps than its audit holds`]),
      ...(isIssued === writs.some(({ writ }) => writ.run === run.run)
        ? []
        : [`run ${run.run}: audit and writs differ`]),
      ...(isHandedOver === escalated.has(run.run)
        ? []
        : [`run ${run.run} is ${run.outcome}, and its escalation says otherwise`]),
    ];
  }),
  ...[...seen.runs.keys()].filter((id) => !runs.some(({ run }) => run === id)).map((id) => `run ${id} is gone`),
  ...roots.flatMap(({ subject, head }) =>
    findingsOf(chains.get(chainKey.control(subject)) ?? [], head).map(
      (finding) => `control ${subject}: ${sentenceOf(finding)}`
    )
  ),
];

const effectFaults = ({ vendor }: World, { writs, claims }: Evidence): readonly string[] => {
  const byThing = new Map(writs.map(({ writ }) => [thingOf(writ), writ]));
  const claimOf = (writ: Writ | undefined) => claims.find(({ of }) => of !== undefined && of === writ)?.claim;
  return [
    ...vendor.offences,
    ...ALL_SLOTS.flatMap(({ thing, ref }) => {
      const effects = vendor.effects.get(thing) ?? 0;
      const claim = claimOf(byThing.get(thing));
      const markers = [...(vendor.markers.get(thing) ?? [])];
      return [
        ...(effects > 1 ? [`${thing} was changed ${effects} times`] : []),
        ...(effects > 0 && claim === undefined ? [`${thing} was changed without writ and claim`] : []),
        ...(effects > 0 && claim?.status === 'failed'
          ? [`${thing} was changed, and its claim says that it was not`]
          : []),
        ...(effects === 0 && claim?.status === 'done'
          ? [`${thing} was not changed, and its claim says that it was`]
          : []),
        ...(markers.every((marker) => marker === `${ref.run}-1`) ? [] : [`${thing} was changed for ${markers.join()}`]),
      ];
    }),
  ];
};

/** What was promised and is not so. Remembers what it sees. */
export const brokenPromises = (world: World, evidence: Evidence, seen: Seen): readonly string[] => [
  ...spendingFaults(evidence),
  ...writFaults(evidence, seen),
  ...runFaults(evidence, seen),
  ...effectFaults(world, evidence),
  ...brokenGuards(world, evidence),
];
