import { connectionFile, DEFAULT_DATA } from '../connection.ts';
import { clean } from '../terminal/sanitise.ts';
import type { Terminal } from '../terminal/terminal.ts';
import type { Malformed } from '../tickets/rows.ts';
import type { Booted } from './boot.ts';
import { SPARE_SUMMARY } from './issues.ts';

const SHOWN_ROWS = 20;

/** Which rows of a file were left out, and why: the first few by line, the rest by number. */
export const showMalformed = (terminal: Terminal, file: string, rows: readonly Malformed[]): void => {
  if (rows.length === 0) return;
  const count = rows.length === 1 ? '1 row was' : `${rows.length} rows were`;
  terminal.line(`  ${terminal.paint('warn', `${clean(file)}: ${count} left out`)}`);
  for (const { line, problem } of rows.slice(0, SHOWN_ROWS)) terminal.line(`    line ${line}: ${clean(problem)}`);
  if (rows.length > SHOWN_ROWS) terminal.line(`    and ${rows.length - SHOWN_ROWS} more`);
};

/** The command line that reaches this stack, up to the command. */
export const commandLine = (data: string): string => {
  const folder = /^[\w./-]+$/.test(data) ? data : `'${data.replaceAll("'", "'\\''")}'`;
  return `npm run -s writ --${data === DEFAULT_DATA ? '' : ` --data ${folder}`}`;
};

const LABEL_WIDTH = 14;

interface Standing {
  readonly data: string;
  readonly lastRun: string | undefined;
  /** A run that waits for an approval. */
  readonly pendingRun: string | undefined;
  readonly spareIssue: string;
}

/** Where everything is, who can sign in and how, and what to try. */
export const showStanding = (
  terminal: Terminal,
  { stack, jira, users }: Booted,
  { data, lastRun, pendingRun, spareIssue }: Standing
): void => {
  const writ = commandLine(data);
  const say = (label: string, value: string) =>
    terminal.line(`  ${terminal.paint('quiet', label.padEnd(LABEL_WIDTH))}${value}`);
  terminal.line();
  say('API', stack.apiUrl);
  say('AWS endpoint', stack.endpointUrl);
  say('Jira sandbox', jira.url);
  say('Users', users.map(({ username }) => username).join(', '));
  say('Passwords', clean(connectionFile(data)));
  say('Token', `${writ} token demo-operator`);
  say(
    '',
    `curl -H "Authorization: Bearer $(${writ} token demo-auditor)" ${new URL('v1/runs', `${stack.apiUrl.replace(/\/$/, '')}/`)}`
  );
  terminal.line();
  say('Try', `${writ} runs`);
  if (pendingRun !== undefined) {
    say('', `${writ} approvals`);
    say('', `${writ} approve ${clean(pendingRun)}`);
  }
  if (lastRun !== undefined) say('', `${writ} audit ${clean(lastRun)}`);
  say('', `${writ} submit --field summary="${SPARE_SUMMARY}" --field issueKey=${spareIssue} --wait`);
  say('', `${writ} stop scope jira:write --reason "strange assignments"`);
  terminal.line();
  terminal.line(`  Up until Ctrl-C.`);
};
