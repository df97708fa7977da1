import type { Doubt, Limit, RunView } from '../api-shapes.ts';
import { clean } from '../terminal/sanitise.ts';
import type { Terminal, Tone } from '../terminal/terminal.ts';
import { missingText } from './needs.ts';

const TONES: Readonly<Record<string, Tone>> = {
  completed: 'good',
  escalated: 'warn',
  refused: 'warn',
  failed: 'bad',
  waiting: 'note',
};

/** What a run has come to, in a word: its outcome, else its status. */
export const stateOf = ({ status, outcome }: RunView): string => outcome ?? status;

export const toneOf = (view: RunView): Tone => TONES[stateOf(view)] ?? 'plain';

/** `2030-01-02 03:04:05Z`: to the second, in UTC. Anything that is no time is shown as it came. */
export const timeOf = (text: string): string => {
  const at = new Date(text);
  return Number.isNaN(at.getTime()) ? text : `${at.toISOString().slice(0, 19).replace('T', ' ')}Z`;
};

export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

const userOf = (user: unknown): string | undefined => {
  if (typeof user === 'string') return user;
  return typeof user === 'object' && user !== null && 'id' in user ? String(user.id) : undefined;
};

/** Micro-dollars as dollars, to the last digit that says something; anything else as a number with its unit. */
const quantity = (amount: number, unit: string): string => {
  if (unit === 'microusd') return `$${(amount / 1_000_000).toFixed(6).replace(/(\.\d\d\d*?)0+$/, '$1')}`;
  return `${amount.toLocaleString('en')}${unit === 'actions' ? '' : ` ${unit}`}`;
};

/** `BUDGET_TENANT_DAY: $49.9994 of $50.00 used, $0.0012 asked; begins anew 2030-01-03 00:00:00Z`. */
const limitOf = ({ rule, unit, atMost, used, asked, resetsAt }: Limit): string => {
  const known =
    used === undefined
      ? `at most ${quantity(atMost, unit)}`
      : `${quantity(used, unit)} of ${quantity(atMost, unit)} used`;
  const anew = resetsAt === undefined ? '' : `; begins anew ${timeOf(resetsAt)}`;
  return `${rule}: ${known}, ${quantity(asked, unit)} asked${anew}`;
};

const argumentsOf = (given: Readonly<Record<string, unknown>>): string =>
  Object.entries(given)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');

/** `action 1, jira.assign issueKey=OPS-2: begun …; nobody knows whether it took effect`, and what to look for. */
const doubtOf = ({ action, tool, arguments: given, claim, since, leaseUntil }: Doubt): string => {
  const what = `action ${action}, ${tool} ${argumentsOf(given)}`;
  return claim === 'unclaimed'
    ? `${what}: not begun when the execution had ended, ${timeOf(since)}, and may be until ${timeOf(leaseUntil)}; nobody knows whether it takes effect`
    : `${what}: begun ${timeOf(since)}, may have arrived until ${timeOf(leaseUntil)}; nobody knows whether it took effect`;
};

/** Where what is in doubt can be seen, and by which mark. */
const whereToLook = ({ seenBy, marker }: Doubt): string =>
  `${seenBy === undefined ? 'the system' : `what ${seenBy} shows`}, for a change made as ${marker}`;

type Undone = NonNullable<RunView['undone']>[number];

const REPORTS: Readonly<Record<string, string>> = {
  undone: 'undone',
  changed:
    "not undone: the record was changed since, so it is somebody else's now; where that was another run, undo that one first, then undo once more",
  'nothing-to-undo': 'nothing to undo: the record is as it was before',
  irreversible: 'not undone: it cannot be',
  'never-done': 'nothing to undo: it was never done',
  'in-doubt': 'not undone: nobody knows whether it was done',
  'before-unknown': 'not undone: how the record was before is not kept any longer',
  'newer-stands': 'not undone: a newer change to the same record stands',
  'undone-before': 'nothing to undo: an earlier undo has undone it, and what is there now came later',
  unsettled:
    'not undone: what it did, or an earlier undo, was begun and nobody has seen yet what became of it; undo once more in some minutes, or look at the record',
  stopped: 'not undone: it is stopped',
  mode: 'not undone: the mode lets a run do nothing',
  'over-rate': 'not undone: as often as the tool may be used it was used; undo once more in its next window',
  mismatch: 'acted, and the record is not as it was before',
  'under-way': 'under way',
  failed: 'failed: people have it',
};

/** Reports after which nothing of an action is left in the customer's system. */
const STANDS_NO_MORE: readonly string[] = ['undone', 'nothing-to-undo', 'never-done', 'undone-before'];

export const isUndone = ({ report }: Undone): boolean => STANDS_NO_MORE.includes(report);
const undoToneOf = (undone: Undone): Tone => (isUndone(undone) ? 'good' : 'warn');
const reportOf = ({ action, report }: Undone): string => `action ${action} ${REPORTS[report] ?? report}`;

/** Of an answer that was not given for this run. */
export const keptText = ({ cachedAt }: { readonly cachedAt?: string | undefined }): string =>
  cachedAt === undefined ? '' : `, answer kept from ${timeOf(cachedAt)}`;

const LABEL_WIDTH = 12;

/** One run as lines of label and value; what it does not have is left out. */
export const showRun = (out: Terminal, view: RunView): void => {
  const say = (label: string, value: string | undefined, tone: Tone = 'plain') => {
    if (value === undefined || value === '') return;
    out.line(`${out.paint('quiet', label.padEnd(LABEL_WIDTH))}${out.paint(tone, clean(value))}`);
  };
  const { proposal, question, escalation, approval } = view;
  say('run', view.run, 'strong');
  say('workflow', view.workflow);
  say('state', stateOf(view).replace('-', ' '), toneOf(view));
  say('decided by', view.rules.join(', '));
  if (proposal) {
    say('proposal', `${proposal.tool} ${argumentsOf(proposal.arguments)}`);
    say('confidence', `${percent(proposal.confidence)}${proposal.abstained ? ', abstained' : ''}`);
    say(
      'engine',
      `${proposal.engine.kind} ${proposal.engine.name} ${proposal.engine.version.slice(0, 12)}${keptText(proposal)}`
    );
  }
  if (question) {
    say('asks', question.text, 'note');
    say('answer with', `npm run -s writ -- reply ${view.run} --field ${question.field}=…`);
  }
  if (approval) {
    say(
      'needs',
      `${missingText(approval)} to approve action ${approval.action.action}: ${approval.rules.join(', ')}`,
      'note'
    );
    say('expires', timeOf(approval.expiresAt));
    say('decide with', `npm run -s writ -- approve ${view.run}`);
  }
  if (escalation) say('escalated', [escalation.because, ...escalation.rules].join(', '), 'warn');
  for (const doubt of escalation?.doubts ?? []) {
    say('in doubt', doubtOf(doubt), 'warn');
    say('look at', whereToLook(doubt));
  }
  for (const limit of view.limits ?? []) say('limit', limitOf(limit), 'warn');
  if (view.undo) {
    say('undoes', view.undo.of);
    say('reason', view.undo.reason);
  }
  for (const undone of view.undone ?? []) say('undo', reportOf(undone), undoToneOf(undone));
  for (const by of view.undoneBy ?? []) say('undone by', by);
  say('release', view.release?.slice(0, 12));
  say('submitted', [timeOf(view.createdAt), userOf(view.user)].filter((part) => part !== undefined).join(' by '));
  say('changed', timeOf(view.updatedAt));
};
