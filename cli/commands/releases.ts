import type { Command } from 'commander';
import type { ReleaseView } from '../api-shapes.ts';
import type { ReleaseChange } from '../client.ts';
import { usage } from '../failure.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';
import { timeOf } from './show-run.ts';

interface ReleaseOptions extends SessionOptions {
  readonly reason: string;
  readonly share?: string;
  readonly tenants?: string;
  readonly autoPromote?: boolean;
  readonly autoRollback?: boolean;
}

interface Row {
  readonly role: string;
  readonly release: string;
  readonly serves: string;
  readonly runs: string;
  readonly ends: string;
  readonly time: string;
  readonly cost: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { header: 'RELEASE', cell: ({ release }) => release.slice(0, 12), dispensable: 0 },
  { header: 'IS', cell: ({ role }) => role, dispensable: 0 },
  { header: 'SERVES', cell: ({ serves }) => serves, min: 8, dispensable: 1 },
  { header: 'RUNS', cell: ({ runs }) => runs, align: 'right', dispensable: 1 },
  { header: 'COMPLETED/ESCALATED/FAILED', cell: ({ ends }) => ends, dispensable: 2 },
  { header: 'MEDIAN', cell: ({ time }) => time, align: 'right', dispensable: 3 },
  { header: 'MEAN COST', cell: ({ cost }) => cost, align: 'right', dispensable: 3 },
];

const VERDICTS: Readonly<Record<string, string>> = {
  'too-few': 'Too few runs to say: 50 of each release are the least.',
  'no-difference': 'No difference yet.',
  better: 'The candidate is better.',
  worse: 'The candidate is worse.',
};

const servesOf = ({ share, tenants = [] }: NonNullable<ReleaseView['candidate']>): string =>
  [...(share === undefined ? [] : [`${share} %`]), ...(tenants.length > 0 ? [tenants.join(', ')] : [])].join(' and ');

const rowsOf = ({ stable, candidate, previous, comparison }: ReleaseView): readonly Row[] => {
  const figures = (of: 'stable' | 'candidate') => {
    const summary = comparison?.[of];
    if (summary === undefined) return { runs: '', ends: '', time: '', cost: '' };
    const { runs, completed, escalated, failed, unfinished, medianMs, meanMicrousd } = summary;
    return {
      runs: String(runs),
      ends: `${completed}/${escalated}/${failed}${unfinished > 0 ? `, ${unfinished} unfinished` : ''}`,
      time: medianMs === undefined ? '' : `${(medianMs / 1_000).toFixed(1)} s`,
      cost: meanMicrousd === undefined ? '' : `$${(meanMicrousd / 1e6).toFixed(6)}`,
    };
  };
  const none = { runs: '', ends: '', time: '', cost: '' };
  return [
    { role: 'stable', release: stable.release, serves: candidate ? 'the others' : 'all', ...figures('stable') },
    ...(candidate
      ? [{ role: 'candidate', release: candidate.release, serves: servesOf(candidate), ...figures('candidate') }]
      : []),
    ...(previous ? [{ role: 'previous', release: previous.release, serves: 'none', ...none }] : []),
  ];
};

const show = (shell: Shell, view: ReleaseView): void => {
  const { out } = shell;
  for (const line of table(COLUMNS, rowsOf(view), out)) out.line(line);
  out.line(`Since ${timeOf(view.at)}, by ${clean(view.by)}: ${clean(view.reason)}`);
  const { comparison, candidate, fault } = view;
  if (comparison !== undefined) {
    out.line(VERDICTS[comparison.verdict] ?? clean(comparison.verdict));
    for (const { measure, p, finding } of comparison.measured)
      out.line(`  ${clean(measure)}: ${clean(finding)} (p ${p.toPrecision(2)}, bound ${comparison.bound})`);
    if ((candidate?.tenants ?? []).length > 0)
      out.line('Its tenants were chosen, so that what differs may be the tenants.');
  }
  if (fault !== undefined) out.line(out.paint('bad', `The chain of decisions is not whole: ${clean(fault)}`));
};

const view = async (shell: Shell, workflow: string, options: SessionOptions): Promise<void> => {
  const answer = await (await openSession(shell, options, 'operator')).releases(workflow);
  if (options.json) shell.out.line(safeJson(answer));
  else show(shell, answer);
};

const change = async (
  shell: Shell,
  workflow: string,
  wanted: Omit<ReleaseChange, 'reason'>,
  options: ReleaseOptions
): Promise<void> => {
  if (options.reason.trim() === '') throw usage('--reason expects a sentence: it goes into the audit');
  const api = await openSession(shell, options, 'operator');
  const { head } = await api.releases(workflow);
  const expects = head && { expects: head.hash };
  const answer = await api.setReleases(workflow, { ...wanted, reason: options.reason, ...expects });
  if (options.json) shell.out.line(safeJson(answer));
  else show(shell, answer);
};

const shareOf = (text: string): number => {
  if (!/^[1-9]\d?$/.test(text)) throw usage(`--share expects a whole percentage from 1 to 99, found ${clean(text)}`);
  return Number(text);
};

const canaryOf = ({ share, tenants, autoPromote = false, autoRollback = true }: ReleaseOptions) => {
  if (share === undefined && tenants === undefined)
    throw usage('expected --share, such as 10, or --tenants, such as acme,demo');
  return {
    action: 'canary',
    ...(share !== undefined && { share: shareOf(share) }),
    ...(tenants !== undefined && { tenants: tenants.split(',').map((tenant) => tenant.trim()) }),
    automatic: { rollback: autoRollback, promote: autoPromote },
  };
};

export const addReleases = (program: Command, shell: Shell): void => {
  program
    .command('releases')
    .description('show which releases of a workflow serve, and how a candidate compares')
    .argument('[workflow]', 'such as ticket-triage', 'ticket-triage')
    .action((workflow: string, _: unknown, command: Command) =>
      view(shell, workflow, command.optsWithGlobals<SessionOptions>())
    );
  const add = (
    verb: string,
    description: string,
    wantedOf: (options: ReleaseOptions) => Omit<ReleaseChange, 'reason'>
  ) =>
    program
      .command(verb)
      .description(description)
      .argument('<workflow>', 'such as ticket-triage')
      .requiredOption('--reason <text>', 'why; it goes into the audit')
      .action((workflow: string, _: unknown, command: Command) => {
        const options = command.optsWithGlobals<ReleaseOptions>();
        return change(shell, workflow, wantedOf(options), options);
      });
  add('canary', 'give a share of new runs, or those of some tenants, to the deployed release', canaryOf)
    .option('--share <percent>', 'of new runs, 1 to 99')
    .option('--tenants <names>', 'whose new runs, such as acme,demo')
    .option('--auto-promote', 'promote it without asking when it is better')
    .option('--no-auto-rollback', 'leave it where it is worse');
  add('promote', 'make the candidate stable', () => ({ action: 'promote' }));
  add('rollback', 'take the candidate back, or the stable release where there is none', () => ({ action: 'rollback' }));
};
