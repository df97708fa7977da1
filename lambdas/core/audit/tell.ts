import * as z from 'zod';
import type { AuditRecord } from './record.ts';
import {
  actionOf,
  doubtsOf,
  engineOf,
  type Facts,
  own,
  pick,
  plain,
  type ReasonOf,
  rulesOf,
  type Said,
  some,
  stagesOf,
  statusOf,
  stepOf,
} from './words.ts';

const asked = (record: AuditRecord): readonly Said[] => {
  const { user, workflow, release } = record;
  const what = workflow === undefined ? 'a task' : `a task to ${workflow}`;
  const text = `User ${user.id} of tenant ${user.tenant} submitted ${what}, under release ${release.slice(0, 12)}.`;
  return [['asked', text, pick(record, 'sources')]];
};

// as the API records an undo, in the run that makes it and in the one that it is of; a record of another shape names neither
const UndoAsked = z.looseObject({
  undoes: z.string().optional(),
  undone_by: z.string().optional(),
  reason: z.string(),
});

const undoAsked = (record: AuditRecord): readonly Said[] => {
  const { user, release, args_redacted } = record;
  const { undoes, undone_by: by, reason } = UndoAsked.safeParse(args_redacted).data ?? {};
  const who = `User ${user.id} of tenant ${user.tenant}`;
  const what =
    stepOf(record) === 'undo'
      ? `asked for this run to be undone${by === undefined ? '' : `, by run ${by}`}`
      : `asked for what ${undoes === undefined ? 'another run' : `run ${undoes}`} did to be undone, under release ${release.slice(0, 12)}`;
  return [
    ['asked', `${who} ${what}${reason === undefined ? '' : `: ${JSON.stringify(reason)}`}.`, pick(record, 'sources')],
  ];
};

const ROUTED: Readonly<Record<string, string>> = {
  eligible: 'It was found to be a task for this workflow',
  'not-eligible': 'It was found to be no task for this workflow',
  missing: 'Something that the workflow needs was missing',
  unsure: 'It was unclear whether it is a task for this workflow',
  stopped: 'No engine was asked, since an operator had stopped it',
  'over-budget': 'No engine was asked, since a budget had no room',
};

const routed = (record: AuditRecord, reasonOf: ReasonOf): readonly Said[] => {
  const found = own(ROUTED, statusOf(record)) ?? `The first gate said ${plain(statusOf(record))}`;
  const by = record.model ? `, by ${engineOf(record)}` : '';
  return [
    [
      'routed',
      `${found}${by}.${stagesOf(record)}${nearlyOf(record.limits ?? [])}`,
      { ...rulesOf(record, reasonOf), ...pick(record, 'model', 'answer', 'limits') },
    ],
  ];
};

const SOURCE_READ = /^READ#([^#]+)#.*\/([^#/]+)#(before|now|after|undone)(?:#\d+(?:\.\d+)?)?$/;
/** Readings that a decision rests on; the others show what came of it. */
const BEFOREHAND: readonly string[] = ['before', 'now'];

/** What was read, by tool: references and digests, no content. */
const read = ({ sources = [] }: AuditRecord, isLater: boolean): readonly Said[] =>
  sources.flatMap((source): Said[] => {
    const [, scope, tool, when] = SOURCE_READ.exec(source.ref) ?? [];
    if (when === undefined || BEFOREHAND.includes(when) === isLater) return [];
    const later = isLater ? ' afterwards' : '';
    const kept = source.read_at === undefined ? '' : `, as it had answered the same at ${source.read_at}`;
    return [
      [
        'read',
        `${tool} (${scope}) was read${later}${kept}; what it answered has digest ${source.sha256.slice(0, 12)}.`,
        { sources: [source] },
      ],
    ];
  });

// as the decisions of people are recorded; a record of another shape is passed over
const Approval = z.looseObject({
  digest: z.string(),
  expires_at: z.string().optional(),
  decisions: z.array(
    z.looseObject({ user: z.string(), decision: z.string(), at: z.string(), roles: z.array(z.string()).default([]) })
  ),
});

const approved = (record: AuditRecord): readonly Said[] => {
  const approval = 'approval' in record ? Approval.safeParse(record.approval).data : undefined;
  if (approval === undefined) return [];
  const action = approval.digest.slice(0, 12);
  const said = approval.decisions.map(({ user, decision, at, roles }): Said => {
    const did = own({ approve: 'approved', refuse: 'refused', edit: 'edited' }, decision) ?? plain(decision);
    return [
      'approved',
      `User ${user}${roles.length > 0 ? ` (${roles.join(', ')})` : ''} ${did} the action with digest ${action}, at ${at}.`,
    ];
  });
  return said.length > 0
    ? said
    : [['approved', `People were asked to approve the action with digest ${action}; nobody had answered.`]];
};

const limitsOf = (record: AuditRecord): string => {
  const { limits = [] } = record;
  const refused = limits.filter(({ state }) => state === 'refused').map(({ rule }) => rule);
  const noRoom = refused.length === 0 ? '' : ` ${some(refused.length, 'limit')} had no room: ${refused.join(', ')}.`;
  // what was not authorised was charged nothing, whatever engines had cost before
  const names = statusOf(record) === 'authorised' ? [...new Set(limits.map(({ rule }) => rule))] : [];
  const charged = names.length === 0 ? '' : ` It was charged to ${some(names.length, 'limit')}: ${names.join(', ')}.`;
  return `${noRoom}${charged}${nearlyOf(limits)}`;
};

const nearlyOf = (limits: NonNullable<AuditRecord['limits']>): string => {
  const names = [...new Set(limits.filter(({ state }) => state === 'nearly-used').map(({ rule }) => rule))];
  return names.length === 0 ? '' : ` At 80 % or more with it: ${names.join(', ')}.`;
};

const proposed = (record: AuditRecord): readonly Said[] => {
  const { policy, model, tool, args_redacted } = record;
  if (model === undefined && tool === undefined) return [];
  const what = policy?.decision === 'undo' ? 'To undo what was done, proposed was' : 'Proposed was';
  const by = model === undefined ? '' : `, by ${engineOf(record)}`;
  const facts: Facts = {
    ...pick(record, 'tool', 'model', 'answer', 'provenance'),
    ...(args_redacted && { arguments: args_redacted }),
  };
  return [['proposed', `${what} ${actionOf(record)}${by}.${stagesOf(record)}`, facts]];
};

const decided = (record: AuditRecord, reasonOf: ReasonOf): readonly Said[] => {
  const { policy, mode, writ } = record;
  const status = statusOf(record);
  const under = mode === undefined ? '' : ` in mode ${mode}`;
  const verdicts: Readonly<Record<string, string>> = {
    authorised: `The gate authorised it${under}.`,
    recorded: `The gate recorded it and did not act${under}: policy would have ${policy?.decision === 'permitted' ? 'permitted it' : `said ${plain(policy?.decision ?? 'nothing')}`}.`,
    'approval-needed': `The gate wants people to approve it${under}.`,
  };
  const verdict = own(verdicts, status) ?? `The gate refused it${under}: ${plain(status)}.`;
  const facts: Facts = {
    ...rulesOf(record, reasonOf),
    ...(policy?.version && { policy: policy.version }),
    ...pick(record, 'mode', 'limits'),
  };
  return [
    ...read(record, false),
    ...proposed(record),
    ...approved(record),
    ['decided', `${verdict}${limitsOf(record)}`, facts],
    ...(writ === undefined
      ? []
      : ([
          ['authorised', `The writ of action ${writ.action} has digest ${writ.digest.slice(0, 12)}.`, { writ }],
        ] as const)),
  ];
};

const CLAIMS: Readonly<Record<string, string>> = {
  executing: 'was being used when this was recorded: whether it took effect is not known',
  released: 'was claimed and given back: nothing happened',
  done: 'was used, and the system answered that it is done',
  failed: 'was used, and the system refused',
  'in-doubt': 'was used, and nobody knows whether it took effect',
};

const written = (record: AuditRecord): readonly Said[] => {
  const { claim, writ, result } = record;
  if (claim === undefined) return [];
  const which = writ === undefined ? 'The writ' : `The writ of action ${writ.action}`;
  const tries = claim.attempt > 1 ? `, at attempt ${claim.attempt}` : '';
  const took = result?.latency_ms === undefined ? '' : `, in ${Math.round(result.latency_ms)} ms`;
  return [
    [
      'written',
      `${which} ${own(CLAIMS, claim.status) ?? plain(claim.status)}${tries}${took}.`,
      pick(record, 'claim', 'writ', 'tool'),
    ],
  ];
};

const verified = (record: AuditRecord, reasonOf: ReasonOf): readonly Said[] => {
  const isUndone = statusOf(record) === 'undone';
  const shows = isUndone || statusOf(record) === 'verified' ? 'shows' : 'does not show';
  const text = `Read back afterwards, the system ${shows} the effect of ${actionOf(record)}${isUndone ? ': what was done is undone' : ''}.`;
  return [
    ...written(record),
    ...read(record, true),
    [isUndone ? 'undone' : 'verified', text, rulesOf(record, reasonOf)],
  ];
};

const handedOver = (record: AuditRecord, reasonOf: ReasonOf): readonly Said[] => {
  const because = plain(statusOf(record));
  const evidence = record.sources ?? [];
  const text = `It was handed to people (${because}), with ${some(evidence.length, 'piece')} of evidence.`;
  return [
    ...approved(record),
    ...written(record),
    ['handed-over', text, { ...rulesOf(record, reasonOf), ...(evidence.length > 0 && { sources: evidence }) }],
    ...doubtsOf(record).map((doubt): Said => ['in-doubt', doubt, pick(record, 'writ', 'claim')]),
    ['ended', `The run ended as ${stepOf(record) === 'reap' ? 'failed' : 'escalated'}.`],
  ];
};

const TELL: Readonly<Record<string, (record: AuditRecord, reasonOf: ReasonOf) => readonly Said[]>> = {
  submit: asked,
  'submit-undo': undoAsked,
  undo: undoAsked,
  route: routed,
  ask: (record, reasonOf) => [
    ['question', 'Whoever submitted it was asked for what is missing.', rulesOf(record, reasonOf)],
  ],
  decide: decided,
  verify: verified,
  escalate: handedOver,
  reap: handedOver,
  respond: (record, reasonOf) => [['ended', `The run ended as ${plain(statusOf(record))}.`, rulesOf(record, reasonOf)]],
};

/** A record of a step that has no words of its own here. */
const other = (record: AuditRecord, reasonOf: ReasonOf): readonly Said[] => {
  const what = record.tool ? `, of ${actionOf(record)}` : '';
  const facts = { ...rulesOf(record, reasonOf), ...pick(record, 'tool', 'writ', 'limits') };
  return [
    ...approved(record),
    ...written(record),
    ['other', `${record.step}: ${plain(statusOf(record))}${what}.`, facts],
  ];
};

/** What a record says, in sentences. */
export const tell = (record: AuditRecord, reasonOf: ReasonOf): readonly Said[] =>
  (own(TELL, stepOf(record)) ?? other)(record, reasonOf);
