import type { AuditRecord } from '../../../lambdas/core/audit/record.ts';
import { findingsOf, sentenceOf } from '../../../lambdas/core/audit/verify.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import type { Writ } from '../../../lambdas/core/records.ts';
import type { Run } from '../../../lambdas/core/run.ts';
import { chainKey } from '../../../lambdas/core/tables.ts';
import type { Evidence } from '../evidence.ts';

/*
 * Writs are made once, stand as they were made, and are what the audit says; chains hold; a closed run stays closed.
 */

/** What was seen before: some of it must never change again. */
export interface Kept {
  readonly writs: Map<string, string>;
  readonly runs: Map<string, Run>;
}

const isDecision = ({ step }: AuditRecord, action: number): boolean =>
  step === `decide#${action}` || step.startsWith(`decide#${action}.`);
const authorises = ({ result }: AuditRecord): boolean => result?.status === 'authorised';

/** Whether a record is of the decision that made this writ: and not of one that found it made before. */
export const isIssueOf = (record: AuditRecord, { action }: Pick<Writ, 'action'>): boolean =>
  isDecision(record, action) && authorises(record) && record.policy?.decision !== 'issued-before';

export const writFaults = ({ writs, claims, chains }: Evidence, { writs: seen }: Kept): readonly string[] => [
  ...writs.flatMap(({ key: { pk, sk }, writ }) => {
    const name = `${pk}/${sk}`;
    const [before, now] = [seen.get(name), digestOf(writ)];
    seen.set(name, now);
    const records = chains.get(chainKey.run(writ)) ?? [];
    const issues = records.filter((record) => isIssueOf(record, writ));
    const { tool, arguments: args, undoes } = writ;
    const isOther = ({ args_redacted: said }: AuditRecord): boolean => digestOf(said ?? {}) !== digestOf(args);
    return [
      ...(before === undefined || before === now ? [] : [`${name} is another writ than before`]),
      ...(issues.length === 1 ? [] : [`${name} was issued ${issues.length} times, as the audit has it`]),
      ...(writ.digest === digestOf({ tool, arguments: args, ...(undoes && { undoes }) })
        ? []
        : [`${name} has another digest`]),
      ...(records.some((record) => isDecision(record, writ.action) && authorises(record) && isOther(record))
        ? [`${name} was given for other arguments`]
        : []),
    ];
  }),
  ...[...seen.keys()]
    .filter((name) => !writs.some(({ key: { pk, sk } }) => `${pk}/${sk}` === name))
    .map((name) => `${name} is gone`),
  ...claims.flatMap(({ key: { pk, sk }, claim, of }) =>
    of?.digest === claim.digest ? [] : [`${pk}/${sk} claims what no writ authorises`]
  ),
];

/** What is added to a closed run: by the operators who want it undone. */
const isUndoing = ({ step }: AuditRecord): boolean => step.startsWith('undo#');

const hasMoved = (before: Run | undefined, run: Run, records: readonly AuditRecord[]): boolean =>
  before?.status === 'closed' &&
  (run.status !== 'closed' ||
    run.outcome !== before.outcome ||
    records.some((record) => record.seq > before.head.seq && !isUndoing(record)));

const faultsOf = ({ chains, escalated, writs }: Evidence, run: Run, before: Run | undefined): readonly string[] => {
  const records = chains.get(chainKey.run(run)) ?? [];
  const recorded = records
    .slice(1)
    .filter((record) => !isUndoing(record))
    .map(({ step }) => step)
    .toSorted();
  const issued = records.filter((record) => record.step.startsWith('decide#') && authorises(record));
  const had = writs.filter(({ writ }) => writ.run === run.run).length;
  const isHandedOver = run.outcome === 'escalated' || run.outcome === 'failed';
  return [
    ...findingsOf(records, run.head, run.run).map((finding) => `run ${run.run}: ${sentenceOf(finding)}`),
    ...(hasMoved(before, run, records) ? [`run ${run.run} moved after it was closed`] : []),
    ...(recorded.join() === Object.keys(run.steps).toSorted().join()
      ? []
      : [`run ${run.run} took other steps than its audit holds`]),
    ...(issued.length >= had && issued.length > 0 === had > 0 ? [] : [`run ${run.run}: audit and writs differ`]),
    ...(isHandedOver === escalated.has(run.run)
      ? []
      : [`run ${run.run} is ${run.outcome}, and its escalation says otherwise`]),
  ];
};

export const runFaults = (evidence: Evidence, { runs: seen }: Kept): readonly string[] => {
  const { runs, roots, chains } = evidence;
  const faults = runs.flatMap((run) => {
    const before = seen.get(run.run);
    seen.set(run.run, run);
    return faultsOf(evidence, run, before);
  });
  return [
    ...faults,
    ...[...seen.keys()].filter((id) => !runs.some(({ run }) => run === id)).map((id) => `run ${id} is gone`),
    ...roots.flatMap(({ subject, head }) =>
      findingsOf(chains.get(chainKey.control(subject)) ?? [], head).map(
        (finding) => `control ${subject}: ${sentenceOf(finding)}`
      )
    ),
  ];
};
