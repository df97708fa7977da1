import type { Reading, Writ } from '../../../lambdas/core/records.ts';
import type { Run } from '../../../lambdas/core/run.ts';
import { reportsOf, writsNamed } from '../../../lambdas/core/steps/report.ts';
import { chainKey } from '../../../lambdas/core/tables.ts';
import type { Evidence } from '../evidence.ts';

/*
 * An undo reverses an action that was done, once: gives back exactly what was there before, where what is there now is still that
 * action's. One within a run follows a mismatch; an operator's one is of a closed run, and no stop, mode or budget holds it up.
 */

const componentsOf = ({ output }: Reading): readonly string[] =>
  Array.isArray(output.components) ? output.components.map(String) : [];
const asText = (components: readonly string[]): string => components.toSorted().join();

/** Whether the record shows what was written; after a mismatch, a part of it beside what was there is enough. */
const isOurs = (written: readonly string[], was: readonly string[], is: readonly string[], isPart: boolean): boolean =>
  asText(is) === asText(written) ||
  (isPart &&
    asText(is) !== asText(was) &&
    is.some((name) => written.includes(name)) &&
    is.every((name) => was.includes(name) || written.includes(name)));

/** What Verify saw of an action of a run. */
const sawOf = (run: Run | undefined, action: number): unknown => {
  const answer = run?.steps[`verify#${action}`];
  return typeof answer === 'object' && answer !== null && 'kind' in answer ? answer.kind : undefined;
};

const faultsOf = (writ: Writ, { run, action }: NonNullable<Writ['undoes']>, evidence: Evidence): readonly string[] => {
  const name = `the undo ${writ.action} of run ${writ.run}`;
  const { runs, writs, claims, readings } = evidence;
  const isOwn = run === writ.run;
  const of = runs.find((each) => each.run === run);
  const undone = writs.find((each) => each.writ.run === run && each.writ.action === action)?.writ;
  const claim = claims.find((each) => each.of !== undefined && each.of === undone)?.claim;
  const reading = (ref: string, call: Reading['call'], round?: number) =>
    readings.get(ref)?.find((each) => each.call === call && each.round === round);
  const { round = 1 } = writsNamed(of?.steps ?? {}).find((each) => each.action === action) ?? {};
  const before = reading(run, 'before', round === 1 ? undefined : round);
  const now = reading(writ.run, isOwn ? 'after' : 'now');
  if (of === undefined || undone === undefined || claim?.status !== 'done')
    return [`${name} is of an action that was not done`];
  if (before === undefined || now === undefined) return [`${name} was issued unseen`];
  const [was, is] = [componentsOf(before), componentsOf(now)];
  const given = writ.arguments.components;
  const by = runs.find((each) => each.run === writ.run);
  return [
    ...(isOurs([String(undone.arguments.component)], was, is, isOwn) && now.changedSince !== true
      ? []
      : [`${name} reverses what has changed since`]),
    ...(Array.isArray(given) && asText(given) === asText(was) ? [] : [`${name} restores what was not there`]),
    ...(isOwn && sawOf(of, action) !== 'mismatch' ? [`${name} follows no mismatch`] : []),
    ...(isOwn || (by?.undo?.of === run && of.status === 'closed') ? [] : [`${name} was asked for by nobody`]),
  ];
};

/** What nobody's undo may be refused for, if an operator wants it. */
const HELD_UP = new Set(['stopped', 'mode', 'over-budget', 'over-cap']);
/** Whether an undo left something that another may undo; where it found nothing, there may be something later. */
const leftSome = (run: Run): boolean =>
  run.status === 'closed' &&
  (run.outcome !== 'completed' || reportsOf(run).some(({ report }) => report === 'nothing-to-undo'));

/** Every action that an undo was seen to have reversed, once for each time that it was. */
const reversed = ({ writs, runs }: Evidence): readonly string[] =>
  writs.flatMap(({ writ: { run, action, undoes } }) =>
    undoes !== undefined &&
    sawOf(
      runs.find((each) => each.run === run),
      action
    ) === 'undone'
      ? [`action ${undoes.action} of run ${undoes.run}`]
      : []
  );

export const undoFaults = (evidence: Evidence): readonly string[] => {
  const undos = evidence.runs.filter(({ undo }) => undo !== undefined);
  const times = [...Map.groupBy(reversed(evidence), (which) => which)];
  return [
    ...times.flatMap(([which, those]) => (those.length > 1 ? [`${which} was reversed ${those.length} times`] : [])),
    ...evidence.writs.flatMap(({ writ }) => (writ.undoes ? faultsOf(writ, writ.undoes, evidence) : [])),
    ...undos.flatMap((run) =>
      (evidence.chains.get(chainKey.run(run)) ?? []).flatMap(({ step, result }) =>
        step.startsWith('decide#') && HELD_UP.has(String(result?.status))
          ? [`the undo ${run.run} was held up: ${result?.status}`]
          : []
      )
    ),
    ...[...Map.groupBy(undos, ({ undo }) => undo?.of ?? '')].flatMap(([of, those]) => [
      ...(those.filter((run) => !leftSome(run)).length > 1
        ? [`run ${of} has more undos than one that is at work, or left nothing`]
        : []),
      ...(those.length === evidence.runs.find(({ run }) => run === of)?.undoneBy?.length
        ? []
        : [`run ${of} does not say what undoes it`]),
    ]),
  ];
};
