import { Argument, type Command, Option } from 'commander';
import type { Control, Stop } from '../api-shapes.ts';
import { durationMs } from '../arguments.ts';
import type { Api, Level } from '../client.ts';
import { Failure, usage } from '../failure.ts';
import { checked, foundOf } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';
import { timeOf } from './show-run.ts';

const LEVELS = ['global', 'tenant', 'workflow', 'scope'] as const;
export const MODES = ['shadow', 'suggest', 'supervised', 'autopilot'] as const;

interface ControlOptions extends SessionOptions {
  readonly reason: string;
  readonly mode?: string;
  readonly everything?: true;
  readonly until?: string;
  readonly for?: string;
}

/** The longest that `--for` takes; what should last longer ends when somebody ends it. */
const LONGEST_DAYS = 366;

/** When a stop ends by itself: `--until` a time, or `--for` so long from now on. */
const untilOf = ({ until, for: time }: Pick<ControlOptions, 'until' | 'for'>, now: Date): string | undefined => {
  if (until !== undefined && time !== undefined) throw usage('--until and --for say the same: give one of them');
  if (time !== undefined) return new Date(now.getTime() + durationMs('--for', time, LONGEST_DAYS)).toISOString();
  if (until === undefined) return undefined;
  const isTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(until);
  const at = new Date(until);
  if (!isTime || Number.isNaN(at.getTime()))
    throw usage(`--until expects a time with its zone, such as 2030-01-02T18:00:00Z, found ${clean(until)}`);
  return at.toISOString();
};

const stopsOf = ({ stops = 'writes', until }: Stop): string =>
  `${clean(stops)} ${until === undefined ? 'until somebody resumes' : `until ${clean(until)}`}`;

/** Whether one stop is no less than another was. */
const isNoWeaker = (now: Stop, before: Stop): boolean =>
  (now.stops === 'everything' || before.stops !== 'everything') &&
  (now.until === undefined || (before.until !== undefined && now.until >= before.until));

/** The head of a control that nobody ever set. */
const NEVER_SET = '0'.repeat(64);

interface Wanted {
  readonly stopped: boolean;
  readonly mode?: string;
  readonly stops?: string;
  readonly until?: string;
}

/**
 * What a change is made of: the control as it stands now. So a change that is sent again ends no stop, and weakens none, that was set since. What
 * stops most weakens nothing, and waits for no look. A stop goes on where nobody can look: then it replaces none that stops more.
 */
const expected = async (api: Api, subject: string, { stopped, mode, stops, until }: Wanted) => {
  if (stopped && stops === 'everything' && until === undefined && mode === undefined) return {};
  const controls = await api.controls().then(
    (answer) => answer.controls,
    (error: unknown) => {
      if (!stopped || !(error instanceof Failure)) throw error;
      return [];
    }
  );
  const found = controls.find((each) => each.subject === subject);
  if (found === undefined) return { expects: NEVER_SET };
  return found.head === undefined ? {} : { expects: found.head.hash };
};

const change = async (
  shell: Shell,
  stopped: boolean,
  level: Level,
  name: string | undefined,
  { reason, mode, everything, ...options }: ControlOptions
) => {
  const until = untilOf(options, new Date());
  if (level === 'global' && name !== undefined) throw usage(`global takes no name, found ${foundOf(name)}`);
  if (level !== 'global' && !name) throw usage(`${level} expects a name, such as ${EXAMPLES[level]}`);
  if (level !== 'global' && name) checked(level, name);
  if (mode !== undefined && level !== 'tenant') throw usage('--mode goes with tenant only');
  if (reason.trim() === '') throw usage('--reason expects a sentence: it goes into the audit');
  const api = await openSession(shell, options, 'operator');
  const wanted: Wanted = {
    stopped,
    ...(mode !== undefined && { mode }),
    ...(everything && { stops: 'everything' }),
    ...(until !== undefined && { until }),
  };
  const subject = name === undefined ? level : `${level}:${name}`;
  const expects = await expected(api, subject, wanted);
  const control = await api.control(level, name, { ...wanted, reason, ...expects });
  if (options.json) {
    shell.out.line(safeJson(control));
    return;
  }
  const { out } = shell;
  const state = control.stopped ? out.paint('warn', 'stopped') : out.paint('good', 'running');
  const inMode = control.mode === undefined ? '' : `, mode ${clean(control.mode)}`;
  out.line(`${clean(control.subject)} is ${state}${inMode}.`);
  const { replaced, deployedInstead } = control;
  if (deployedInstead !== undefined) {
    const names = deployedInstead.map(clean).join(', ') || 'none';
    out.line(
      `${out.paint('warn', `No ${level} of this name is deployed here:`)} there is ${names}. Runs of a release before may still have it; if the name is mistyped, nothing is ${stopped ? 'stopped' : 'resumed'}.`
    );
  }
  if (!control.stopped) {
    if (replaced !== undefined) out.line(`Ended: a stop of ${stopsOf(replaced)}.`);
    return;
  }
  out.line(`It stops ${stopsOf(control)}.`);
  if (replaced !== undefined) {
    const weaker = isNoWeaker(control, replaced) ? '' : ` ${out.paint('warn', 'That one stopped more.')}`;
    out.line(
      `It replaces a stop of ${stopsOf(replaced)}, by ${clean(replaced.by ?? 'somebody')}: ${clean(replaced.reason ?? '')}.${weaker}`
    );
  }
  if (control.stops === 'everything')
    out.line('No task is accepted there, nothing is read before an action and no engine is asked.');
  out.line('No writ is issued there from now on, and none that was issued is used.');
  const { executing } = control;
  if (executing === undefined) return;
  out.line(executing.length === 0 ? 'No action is executing there.' : 'Executing there, begun before the stop:');
  for (const { run, scope, action, since, leaseUntil } of executing)
    out.line(
      `  run ${clean(run)}, action ${action} of ${clean(scope)}, since ${clean(since)}, lease until ${clean(leaseUntil)}`
    );
};

const COLUMNS: readonly Column<Control>[] = [
  { header: 'CONTROL', cell: ({ subject }) => subject, dispensable: 0 },
  {
    header: 'STATE',
    cell: ({ stopped, expired }) => (expired ? 'expired' : stopped ? 'stopped' : 'running'),
    tone: ({ stopped, expired }) => (stopped && !expired ? 'warn' : 'good'),
    dispensable: 0,
  },
  { header: 'MODE', cell: ({ mode = '' }) => mode, dispensable: 1 },
  { header: 'STOPS', cell: ({ stopped, stops = 'writes' }) => (stopped ? stops : ''), dispensable: 1 },
  { header: 'UNTIL', cell: ({ until }) => (until === undefined ? '' : timeOf(until)), dispensable: 1 },
  { header: 'SINCE', cell: ({ at }) => (at === undefined ? '' : timeOf(at)), dispensable: 2 },
  { header: 'BY', cell: ({ by = '' }) => by, min: 8, dispensable: 4 },
  { header: 'REASON', cell: ({ reason = '' }) => reason, min: 12, dispensable: 3 },
];

const list = async (shell: Shell, options: SessionOptions) => {
  const answer = await (await openSession(shell, options, 'operator')).controls();
  if (options.json) shell.out.line(safeJson(answer));
  else if (answer.controls.length === 0)
    shell.out.line('Nothing was ever stopped, and no tenant has a mode of its own.');
  else for (const line of table(COLUMNS, answer.controls, shell.out)) shell.out.line(line);
};

const EXAMPLES = { tenant: 'demo', workflow: 'ticket-triage', scope: 'jira:write' } as const;

export const addControls = (program: Command, shell: Shell): void => {
  const add = (verb: string, stopped: boolean, description: string): Command =>
    program
      .command(verb)
      .description(description)
      .addArgument(new Argument('<level>', 'what the name is a name of').choices(LEVELS))
      .argument('[name]', 'such as demo, ticket-triage or jira:write; none for global')
      .requiredOption('--reason <text>', 'why; it goes into the audit')
      .addOption(new Option('--mode <mode>', "a tenant's mode from now on").choices(MODES))
      .action((level: Level, name: string | undefined, _: unknown, command: Command) =>
        change(shell, stopped, level, name, command.optsWithGlobals<ControlOptions>())
      );
  add('stop', true, 'stop writes, or everything: of all, a tenant, a workflow or a scope')
    .option('--everything', 'tasks, reading and engines too, not writes alone')
    .option('--until <time>', 'when the stop ends by itself, such as 2030-01-02T18:00:00Z')
    .option('--for <duration>', 'the same, from now on: such as 30m, 2h or 3d');
  add('resume', false, 'take a stop back');
  program
    .command('controls')
    .description('show what is stopped, and the modes of tenants')
    .action((_: unknown, command: Command) => list(shell, command.optsWithGlobals<SessionOptions>()));
};
