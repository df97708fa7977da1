import type { Command } from 'commander';
import type { Approval } from '../api-shapes.ts';
import { wholeNumber } from '../arguments.ts';
import type { Api } from '../client.ts';
import { Failure, usage } from '../failure.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';
import { missingText, needsText } from './needs.ts';
import { keptText, percent, timeOf } from './show-run.ts';

const argumentsOf = ({ action }: Approval): string =>
  Object.entries(action.arguments)
    .toSorted(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => `${name}=${String(value)}`)
    .join(', ');

const COLUMNS: readonly Column<Approval>[] = [
  { header: 'RUN', cell: ({ run }) => run, dispensable: 0 },
  { header: 'ACTION', cell: (each) => `${each.action.tool} ${argumentsOf(each)}`, min: 20, dispensable: 0 },
  { header: 'ASKED BY', cell: ({ rules }) => rules.join(', '), min: 12, dispensable: 2 },
  { header: 'CONF', cell: ({ action }) => percent(action.confidence), align: 'right', dispensable: 3 },
  { header: 'MISSING', cell: missingText, min: 10, dispensable: 1 },
  { header: 'SUBMITTED BY', cell: ({ requester }) => requester, min: 8, dispensable: 5 },
  { header: 'EXPIRES', cell: ({ expiresAt }) => timeOf(expiresAt), tone: () => 'quiet', dispensable: 4 },
];

interface ListOptions extends SessionOptions {
  readonly limit: string;
  readonly cursor?: string;
}

const list = async (shell: Shell, options: ListOptions) => {
  const limit = wholeNumber('--limit', options.limit, 1, 100);
  const api = await openSession(shell, options, 'approver');
  const page = await api.approvals({ limit, ...(options.cursor !== undefined && { cursor: options.cursor }) });
  if (options.json) {
    shell.out.line(safeJson(page));
    return;
  }
  if (page.approvals.length === 0)
    shell.out.line(
      page.next === undefined ? 'Nobody is asked to approve anything.' : 'Nothing here that is still open.'
    );
  else {
    for (const line of table(COLUMNS, page.approvals, shell.out)) shell.out.line(line);
    shell.out.line();
    shell.out.line('See one, and decide: npm run -s writ -- approve RUN, or refuse RUN');
  }
  if (page.next !== undefined) shell.err.line('There are more; raise --limit, or page with --json and --cursor.');
};

const LABEL_WIDTH = 14;

/** All that somebody has to know before they approve. */
const showApproval = (out: Terminal, approval: Approval): void => {
  const say = (label: string, value: string) =>
    out.line(`${out.paint('quiet', label.padEnd(LABEL_WIDTH))}${clean(value)}`);
  const { action } = approval;
  say('run', `${approval.run}, action ${action.action} of ${approval.workflow}`);
  say('submitted by', approval.requester);
  say('does', action.tool);
  for (const name of Object.keys(action.arguments).toSorted())
    say(`  ${clean(name)}`, `${String(action.arguments[name])} (from: ${action.provenance[name] ?? 'unknown'})`);
  say(
    'proposed by',
    `${action.engine.kind} ${action.engine.name}, confidence ${percent(action.confidence)}${keptText(action)}`
  );
  say('asked by', approval.rules.join(', '));
  say('needs', needsText(approval.needs));
  if (approval.approved.length > 0) say('approved by', approval.approved.map(({ by }) => by).join(', '));
  say('missing', missingText(approval));
  say('expires', timeOf(approval.expiresAt));
  say('digest', approval.digest);
};

interface DecideOptions extends SessionOptions {
  readonly action?: string;
  readonly comment?: string;
  readonly yes?: true;
}

const pendingOf = async (api: Api, id: string, action: number | undefined): Promise<Approval> => {
  const { approval, outcome, status } = await api.run(id);
  if (approval === undefined)
    throw new Failure(`Run ${clean(id)} waits for no approval: it is ${clean(outcome ?? status)}.`);
  if (action !== undefined && approval.action.action !== action)
    throw usage(`Run ${clean(id)} waits for an approval of action ${approval.action.action}, not of ${action}.`);
  return approval;
};

const nobodyThere = (decision: string, id: string): Failure =>
  usage(
    `${decision} shows what it is about and asks, and nobody is there to answer. Look first ("writ run ${clean(id)}"), then give --yes.`
  );

const decide = async (shell: Shell, decision: 'approve' | 'refuse', id: string, options: DecideOptions) => {
  checked('run', id);
  const action = options.action === undefined ? undefined : wholeNumber('--action', options.action, 1, 99);
  if (options.comment?.trim() === '') throw usage('--comment expects some text');
  if (!options.yes && options.json) throw nobodyThere(decision, id);
  const { out } = shell;
  const api = await openSession(shell, options, 'approver');
  const approval = await pendingOf(api, id, action);
  if (!options.json) showApproval(out, approval);
  if (!options.yes) {
    const answer = await shell.ask(`${decision === 'approve' ? 'Approve' : 'Refuse'} this? [y/N] `);
    if (answer === undefined) throw nobodyThere(decision, id);
    if (!/^y(es)?$/i.test(answer.trim())) {
      out.line('Nothing was decided.');
      return 1;
    }
  }
  const { digest } = approval;
  const { comment } = options;
  const kept = await api.decide(approval.id, { decision, digest, ...(comment !== undefined && { comment }) });
  if (options.json) out.line(safeJson(kept));
  else if (decision === 'refuse') out.line(`${out.paint('warn', 'Refused')}; nothing is done.`);
  else if (kept.missingPeople > 0)
    out.line(`${out.paint('good', 'Approved')}; still missing: ${clean(missingText(kept))}.`);
  else out.line(`${out.paint('good', 'Approved')}; the run goes on, and decides again.`);
  return 0;
};

export const addApprovals = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('approvals')
    .description('list what people are asked to approve, what expires first coming first')
    .option('--limit <number>', 'how many, at most 100', '20')
    .option('--cursor <cursor>', 'where an earlier page said that the next begins')
    .action((_: unknown, command: Command) => list(shell, command.optsWithGlobals<ListOptions>()));
  const add = (decision: 'approve' | 'refuse', description: string) =>
    program
      .command(decision)
      .description(description)
      .argument('<run>', 'its id')
      .option('--action <number>', 'fails where the run asks for another action than this')
      .option('--comment <text>', 'why; it stays with the tenant, the audit has its digest')
      .option('--yes', 'without being asked')
      .action(async (id: string, _: unknown, command: Command) =>
        done(await decide(shell, decision, id, command.optsWithGlobals<DecideOptions>()))
      );
  add('approve', 'show what a run wants to do, and approve exactly that');
  add('refuse', 'show what a run wants to do, and refuse it');
};
