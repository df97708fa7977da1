import { describe, expect, it } from 'vitest';
import { type AuditEvent, type AuditRecord, chain, GENESIS } from '../../../lambdas/core/audit/record.ts';
import { tell } from '../../../lambdas/core/audit/tell.ts';
import type { Said } from '../../../lambdas/core/audit/words.ts';
import { AT } from '../../support/builders.ts';

/*
 * Each sentence, with the facts that stand beside it, as a person reads it.
 */

const [SHA, SHORT] = ['abcdef0123456789'.repeat(4), 'abcdef012345'];
const RELEASE = '0123456789abcdef'.repeat(4);
const at = AT.toISOString();
const recordOf = (event: AuditEvent & Readonly<Record<string, unknown>>): AuditRecord =>
  chain(GENESIS, event, {
    trace_id: 't',
    run_id: 'r-1',
    at,
    user: { id: 'u-1', tenant: 'acme' },
    release: RELEASE,
  });
const said = (event: AuditEvent & Readonly<Record<string, unknown>>) =>
  tell(recordOf(event), (id) => ({ id, because: `why ${id}` }));

const ruled = (...ids: readonly string[]) => ({ rules: ids.map((id) => ({ id, because: `why ${id}` })) });
const policy = (decision: string, ...rule_ids: string[]) => ({ policy: { decision, rule_ids } });
const tool = { name: 'jira.assign', scope: 'jira:write', dry_run: false };
const model = { name: 'model:small@1', input_tokens: 9, output_tokens: 1, cached_tokens: 0, cost_microusd: 7 };
const answer = { confidence: 0.875, abstained: false };
const source = (what: string) => ({ ref: `READ#jira:read#acme#r-1/jira.get#${what}`, sha256: SHA });
const input = { ref: 'INPUT#acme#r-1', sha256: SHA };
const writ = { action: 1, digest: SHA };
const limit = (rule: string, state: 'spent' | 'nearly-used' | 'refused') => ({
  state,
  rule,
  unit: 'actions' as const,
  at_most: 3,
  asked: 1,
});

type Case = readonly [name: string, event: AuditEvent & Readonly<Record<string, unknown>>, said: readonly Said[]];

const SUBMITTED: readonly Case[] = [
  [
    'a task',
    { step: 'submit', workflow: 'triage', sources: [input] },
    [
      [
        'asked',
        'User u-1 of tenant acme submitted a task to triage, under release 0123456789ab.',
        { sources: [input] },
      ],
    ],
  ],
  [
    'a task to nobody knows what',
    { step: 'submit' },
    [['asked', 'User u-1 of tenant acme submitted a task, under release 0123456789ab.', {}]],
  ],
  [
    'an undo that nobody gave a reason for',
    { step: 'submit-undo', sources: [input] },
    [
      [
        'asked',
        'User u-1 of tenant acme asked for what another run did to be undone, under release 0123456789ab.',
        { sources: [input] },
      ],
    ],
  ],
  [
    'that a run is to be undone',
    { step: 'undo#0', args_redacted: { reason: 'wrong' } },
    [['asked', 'User u-1 of tenant acme asked for this run to be undone: "wrong".', {}]],
  ],
];

const ROUTED: readonly Case[] = [
  [
    'what an engine found',
    { step: 'route#0', model, answer, result: { status: 'eligible' }, ...policy('eligible', 'A_RULE') },
    [
      [
        'routed',
        'It was found to be a task for this workflow, by model:small@1, confidence 87.5 %.',
        { ...ruled('A_RULE'), model, answer },
      ],
    ],
  ],
  ...(
    [
      ['not-eligible', 'It was found to be no task for this workflow.'],
      ['missing', 'Something that the workflow needs was missing.'],
      ['unsure', 'It was unclear whether it is a task for this workflow.'],
      ['stopped', 'No engine was asked, since an operator had stopped it.'],
      ['over-budget', 'No engine was asked, since a budget had no room.'],
      ['some-thing', 'The first gate said some thing.'],
    ] as const
  ).map(([decision, text]): Case => [decision, { step: 'route#1', ...policy(decision) }, [['routed', text, {}]]]),
  [
    'an engine that abstained, long ago',
    {
      step: 'route#0',
      model: { ...model, cached_at: at },
      answer: { ...answer, abstained: true },
      ...policy('unsure'),
      limits: [limit('R', 'refused')],
    },
    [
      [
        'routed',
        `It was unclear whether it is a task for this workflow, by model:small@1, which abstained (confidence 87.5 %), the answer to the same question kept from ${at}.`,
        {
          model: { ...model, cached_at: at },
          answer: { ...answer, abstained: true },
          limits: [limit('R', 'refused')],
        },
      ],
    ],
  ],
  [
    'a question',
    { step: 'ask#0', ...policy('ask', 'MISSING'), result: { status: 'asked' } },
    [['question', 'Whoever submitted it was asked for what is missing.', ruled('MISSING')]],
  ],
];

const DECIDED: readonly Case[] = [
  [
    'what was read, proposed, approved and authorised',
    {
      step: 'decide#1.2',
      sources: [input, source('before#1.2'), { ...source('before'), read_at: at }, source('after')],
      model,
      answer,
      tool,
      args_redacted: { issueKey: 'OPS-1', component: 'Network' },
      provenance: { issueKey: 'user' },
      approval: {
        digest: SHA,
        expires_at: at,
        decisions: [
          { user: 'a-1', roles: ['approver', 'operator'], decision: 'approve', at },
          { user: 'a-2', roles: [], decision: 'refuse', at },
          { user: 'a-3', roles: [], decision: 'edit' as 'approve', at },
          { user: 'a-4', decision: 'looked-away' as 'approve', at } as never,
        ],
      },
      mode: 'supervised',
      policy: { decision: 'permitted', rule_ids: ['A_RULE'], version: SHA },
      limits: [limit('RATE', 'spent'), limit('CAP', 'spent')],
      writ,
      result: { status: 'authorised' },
    },
    [
      [
        'read',
        `jira.get (jira:read) was read; what it answered has digest ${SHORT}.`,
        { sources: [source('before#1.2')] },
      ],
      [
        'read',
        `jira.get (jira:read) was read, as it had answered the same at ${at}; what it answered has digest ${SHORT}.`,
        { sources: [{ ...source('before'), read_at: at }] },
      ],
      [
        'proposed',
        'Proposed was jira.assign (jira:write) with component "Network", issueKey "OPS-1", by model:small@1, confidence 87.5 %.',
        {
          tool,
          model,
          answer,
          provenance: { issueKey: 'user' },
          arguments: { issueKey: 'OPS-1', component: 'Network' },
        },
      ],
      ['approved', `User a-1 (approver, operator) approved the action with digest ${SHORT}, at ${at}.`],
      ['approved', `User a-2 refused the action with digest ${SHORT}, at ${at}.`],
      ['approved', `User a-3 edited the action with digest ${SHORT}, at ${at}.`],
      ['approved', `User a-4 looked away the action with digest ${SHORT}, at ${at}.`],
      [
        'decided',
        'The gate authorised it in mode supervised. It was charged to 2 limits: RATE, CAP.',
        {
          ...ruled('A_RULE'),
          policy: SHA,
          mode: 'supervised',
          limits: [limit('RATE', 'spent'), limit('CAP', 'spent')],
        },
      ],
      ['authorised', `The writ of action 1 has digest ${SHORT}.`, { writ }],
    ],
  ],
  [
    'that limits had no room',
    {
      step: 'decide#1',
      limits: [limit('RATE', 'spent'), limit('CAP', 'refused')],
      result: { status: 'over-cap' },
    },
    [
      [
        'decided',
        'The gate refused it: over cap. 1 limit had no room: CAP.',
        { limits: [limit('RATE', 'spent'), limit('CAP', 'refused')] },
      ],
    ],
  ],
  [
    'which budgets are nearly used, each once',
    {
      step: 'decide#1',
      limits: [limit('BUDGET', 'nearly-used'), limit('RATE', 'spent'), limit('BUDGET', 'nearly-used')],
      result: { status: 'authorised' },
    },
    [
      [
        'decided',
        'The gate authorised it. It was charged to 2 limits: BUDGET, RATE. At 80 % or more with it: BUDGET.',
        { limits: [limit('BUDGET', 'nearly-used'), limit('RATE', 'spent'), limit('BUDGET', 'nearly-used')] },
      ],
    ],
  ],
  [
    'which budgets an engine brought there, where nothing was charged to them',
    { step: 'decide#1', limits: [limit('BUDGET', 'nearly-used')], result: { status: 'approval-needed' } },
    [
      [
        'decided',
        'The gate wants people to approve it. At 80 % or more with it: BUDGET.',
        { limits: [limit('BUDGET', 'nearly-used')] },
      ],
    ],
  ],
  [
    'that besides a limit that has no room',
    {
      step: 'decide#1',
      limits: [limit('BUDGET', 'nearly-used'), limit('RATE', 'refused')],
      result: { status: 'over-rate' },
    },
    [
      [
        'decided',
        'The gate refused it: over rate. 1 limit had no room: RATE. At 80 % or more with it: BUDGET.',
        { limits: [limit('BUDGET', 'nearly-used'), limit('RATE', 'refused')] },
      ],
    ],
  ],
  [
    'that the first gate brought a budget there',
    { step: 'route#0', limits: [limit('BUDGET', 'nearly-used')], policy: { decision: 'eligible', rule_ids: [] } },
    [
      [
        'routed',
        'It was found to be a task for this workflow. At 80 % or more with it: BUDGET.',
        { limits: [limit('BUDGET', 'nearly-used')] },
      ],
    ],
  ],
  [
    'that one limit was charged',
    { step: 'decide#1', limits: [limit('RATE', 'spent')], result: { status: 'authorised' } },
    [['decided', 'The gate authorised it. It was charged to 1 limit: RATE.', { limits: [limit('RATE', 'spent')] }]],
  ],
  [
    'that people are wanted, and have not answered',
    {
      step: 'decide#1',
      tool,
      approval: { digest: SHA, expires_at: at, decisions: [] },
      mode: 'autopilot',
      result: { status: 'approval-needed' },
    },
    [
      ['proposed', 'Proposed was jira.assign (jira:write).', { tool }],
      ['approved', `People were asked to approve the action with digest ${SHORT}; nobody had answered.`],
      ['decided', 'The gate wants people to approve it in mode autopilot.', { mode: 'autopilot' }],
    ],
  ],
  [
    'an approval of another shape: nothing',
    { step: 'decide#1', approval: { digest: 7 }, result: { status: 'approval-needed' } } as never,
    [['decided', 'The gate wants people to approve it.', {}]],
  ],
  [
    'what would have been permitted',
    { step: 'decide#1', ...policy('permitted'), mode: 'shadow', result: { status: 'recorded' } },
    [
      [
        'decided',
        'The gate recorded it and did not act in mode shadow: policy would have permitted it.',
        { mode: 'shadow' },
      ],
    ],
  ],
  [
    'what would have been said otherwise',
    { step: 'decide#1', ...policy('ask-people'), result: { status: 'recorded' } },
    [['decided', 'The gate recorded it and did not act: policy would have said ask people.', {}]],
  ],
  [
    'what nobody said',
    { step: 'decide#1', result: { status: 'recorded' } },
    [['decided', 'The gate recorded it and did not act: policy would have said nothing.', {}]],
  ],
  ['nothing at all', { step: 'decide#1' }, [['decided', 'The gate refused it: nothing.', {}]]],
  [
    'an undo, by an engine that the record does not name',
    { step: 'decide#10', tool, ...policy('undo'), sources: [source('now')], result: { status: 'authorised' } },
    [
      ['read', `jira.get (jira:read) was read; what it answered has digest ${SHORT}.`, { sources: [source('now')] }],
      ['proposed', 'To undo what was done, proposed was jira.assign (jira:write).', { tool }],
      ['decided', 'The gate authorised it.', {}],
    ],
  ],
  [
    'what engines there were',
    {
      step: 'decide#1',
      model,
      stages: [
        { engine: 'classifier:queue@1', state: 'abstained', cached_at: at },
        { engine: 'rules:words@1', state: 'abstained', confidence: 0.25 },
        { engine: 'model:small@1', state: 'abstained', confidence: 0.5 },
        { engine: 'model:large@1', state: 'not-asked' },
        { engine: 'model:huge@1', state: 'not-asked', at_most_microusd: 90 },
      ],
      result: { status: 'unsure' },
    } as never,
    [
      [
        'proposed',
        `Proposed was an action, by model:small@1. classifier:queue@1 had abstained, the answer to the same question kept from ${at}. rules:words@1 had abstained (confidence 25.0 %). model:large@1 was not asked. model:huge@1 was not asked, at most 90 micro-dollars.`,
        { model },
      ],
      ['decided', 'The gate refused it: unsure.', {}],
    ],
  ],
  [
    'engines of another shape: nothing',
    { step: 'decide#1', model, stages: [{ engine: 7 }], result: { status: 'unsure' } } as never,
    [
      ['proposed', 'Proposed was an action, by model:small@1.', { model }],
      ['decided', 'The gate refused it: unsure.', {}],
    ],
  ],
];

const claim = (status: string, attempt = 1) => ({ claim: { status, attempt } });
const VERIFIED: readonly Case[] = [
  [
    'an effect that shows',
    {
      step: 'verify#1',
      tool,
      args_redacted: { component: 'Network' },
      writ,
      ...claim('done', 2),
      sources: [input, source('before'), source('after')],
      ...policy('verified', 'A_RULE'),
      result: { status: 'verified', latency_ms: 12.4, retries: 1 },
    } as never,
    [
      [
        'written',
        'The writ of action 1 was used, and the system answered that it is done, at attempt 2, in 12 ms.',
        { ...claim('done', 2), writ, tool },
      ],
      [
        'read',
        `jira.get (jira:read) was read afterwards; what it answered has digest ${SHORT}.`,
        { sources: [source('after')] },
      ],
      [
        'verified',
        'Read back afterwards, the system shows the effect of jira.assign (jira:write) with component "Network".',
        ruled('A_RULE'),
      ],
    ],
  ],
  [
    'one that does not',
    { step: 'verify#1', tool, ...policy('mismatch', 'EFFECT_NOT_SEEN'), result: { status: 'mismatch' } },
    [
      [
        'verified',
        'Read back afterwards, the system does not show the effect of jira.assign (jira:write).',
        ruled('EFFECT_NOT_SEEN'),
      ],
    ],
  ],
  [
    'an undo that shows',
    { step: 'verify#1001', tool, sources: [source('undone#2')], result: { status: 'undone' } },
    [
      [
        'read',
        `jira.get (jira:read) was read afterwards; what it answered has digest ${SHORT}.`,
        { sources: [source('undone#2')] },
      ],
      [
        'undone',
        'Read back afterwards, the system shows the effect of jira.assign (jira:write): what was done is undone.',
        {},
      ],
    ],
  ],
];

const CLAIMED = (
  [
    ['executing', 'was being used when this was recorded: whether it took effect is not known'],
    ['released', 'was claimed and given back: nothing happened'],
    ['failed', 'was used, and the system refused'],
    ['in-doubt', 'was used, and nobody knows whether it took effect'],
    ['new-word', 'new word'],
  ] as const
).map(
  ([status, text]): Case => [
    `a claim that is ${status}`,
    { step: 'later#1', ...claim(status) } as never,
    [
      ['written', `The writ ${text}.`, claim(status) as never],
      ['other', 'later#1: nothing.', {}],
    ],
  ]
);

const doubt = {
  action: 1,
  tool: 'jira.assign',
  scope: 'jira:write',
  args_redacted: { component: 'Network' },
  marker: 'r-1-1',
  since: at,
  lease_until: at,
};
const ENDED: readonly Case[] = [
  [
    'that people have it, with what is in doubt',
    {
      step: 'escalate',
      sources: [input, source('after')],
      writ,
      ...claim('in-doubt'),
      doubts: [
        { ...doubt, claim: 'in-doubt', seen_by: 'jira.get' },
        { ...doubt, claim: 'unclaimed' },
      ],
      ...policy('escalate', 'A_RULE'),
      result: { status: 'in-doubt' },
    } as never,
    [
      [
        'written',
        'The writ of action 1 was used, and nobody knows whether it took effect.',
        { ...claim('in-doubt'), writ } as never,
      ],
      [
        'handed-over',
        'It was handed to people (in doubt), with 2 pieces of evidence.',
        { ...ruled('A_RULE'), sources: [input, source('after')] },
      ],
      [
        'in-doubt',
        `Nobody knows whether action 1 took effect: jira.assign (jira:write) with component "Network", begun at ${at} as r-1-1, and able to arrive until ${at}. Look at what jira.get shows.`,
        { ...claim('in-doubt'), writ } as never,
      ],
      [
        'in-doubt',
        `Nobody knows whether action 1 takes effect: jira.assign (jira:write) with component "Network", authorised and not begun when the execution had ended at ${at}, and able to be begun as r-1-1 until ${at}. Look in the system.`,
        { ...claim('in-doubt'), writ } as never,
      ],
      ['ended', 'The run ended as escalated.'],
    ],
  ],
  [
    'that its execution ended',
    { step: 'reap', sources: [input], result: { status: 'fault' } },
    [
      ['handed-over', 'It was handed to people (fault), with 1 piece of evidence.', { sources: [input] }],
      ['ended', 'The run ended as failed.'],
    ],
  ],
  [
    'that people have it, with nothing',
    { step: 'escalate', result: { status: 'no-reply' } },
    [
      ['handed-over', 'It was handed to people (no reply), with 0 pieces of evidence.', {}],
      ['ended', 'The run ended as escalated.'],
    ],
  ],
  [
    'that it is closed',
    { step: 'respond', ...policy('not-eligible', 'A_RULE'), result: { status: 'not-eligible' } },
    [['ended', 'The run ended as not eligible.', ruled('A_RULE')]],
  ],
  [
    'a step that it has no words for',
    { step: 'approve#1', tool, writ, limits: [limit('R', 'spent')], ...policy('ask', 'A_RULE') },
    [
      [
        'other',
        'approve#1: ask, of jira.assign (jira:write).',
        { ...ruled('A_RULE'), tool, writ, limits: [limit('R', 'spent')] },
      ],
    ],
  ],
  ['a step with a number inside', { step: 'respond#1x' }, [['other', 'respond#1x: nothing.', {}]]],
];

describe('a record tells', () => {
  it.each([...SUBMITTED, ...ROUTED, ...DECIDED, ...VERIFIED, ...CLAIMED, ...ENDED])('%s', (_, event, expected) => {
    expect(said(event)).toStrictEqual(expected);
  });

  it('of an engine that it does not name, that it does not', () => {
    const { model: _, ...record } = recordOf({ step: 'decide#1', model, answer });
    const [proposal] = tell({ ...record, model: { ...model, name: undefined } } as never, (id) => ({ id }));
    expect(proposal?.[1]).toBe(
      'Proposed was an action, by an engine that the record does not name, confidence 87.5 %.'
    );
  });
});
