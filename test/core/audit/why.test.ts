import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AuditEvent,
  type AuditRecord,
  chain,
  GENESIS,
  type Head,
  headOf,
} from '../../../lambdas/core/audit/record.ts';
import { Story } from '../../../lambdas/core/audit/story.ts';
import { why } from '../../../lambdas/core/audit/why.ts';
import { ruleOf, STILL_OURS, UndoRefusal } from '../../../lambdas/core/gate/undo.ts';
import { AT } from '../../support/builders.ts';

const RUN = 'r-1';
const chained = (events: readonly (AuditEvent & Readonly<Record<string, unknown>>)[]) => {
  const about = { trace_id: 't', run_id: RUN, at: AT.toISOString(), user: { id: 'u-1', tenant: 'acme' }, release: 'r' };
  const records: AuditRecord[] = [];
  let head: Head = GENESIS;
  for (const event of events) {
    const record = chain(head, event, about);
    records.push(record);
    head = headOf(record);
  }
  return { run: RUN, records, head };
};
const model = (cost_microusd: number) => ({
  name: 'model:small@1',
  input_tokens: 10,
  output_tokens: 1,
  cached_tokens: 0,
  cost_microusd,
});
const SHA = 'a'.repeat(64);
const plan = { ref: 'PLAN#acme#r-1/1', sha256: SHA };

describe('a story', () => {
  it('counts what an answer cost once, however many records rely on it', () => {
    const decided = { model: model(700), sources: [plan], result: { status: 'approval-needed' } };
    const { cost_microusd } = why(
      chained([
        { step: 'submit' },
        { step: 'route#0', model: model(30) },
        { step: 'decide#1', ...decided },
        { step: 'decide#1b', ...decided, result: { status: 'authorised' } },
        { step: 'route#1', model: model(5) },
      ])
    );
    expect(cost_microusd).toBe(735);
  });

  it('counts what a call was charged besides', () => {
    const tool = { name: 'sms.send', scope: 'sms:write', dry_run: false };
    const decided = { model: model(700), sources: [plan], result: { status: 'authorised' } };
    const told = chained([
      { step: 'decide#1', ...decided, tool: { ...tool, cost_microusd: 40 } },
      { step: 'verify#1', tool, result: { status: 'verified' } },
    ]);
    expect(why(told).cost_microusd).toBe(740);
  });

  it('tells who approved what, once', () => {
    const approval = {
      digest: SHA,
      expires_at: AT.toISOString(),
      decisions: [{ user: 'u-9', roles: ['approver'], decision: 'approve' as const, at: AT.toISOString() }],
    };
    const { statements } = why(
      chained([
        { step: 'decide#1', approval, result: { status: 'authorised' } },
        { step: 'escalate', approval, result: { status: 'mismatch' } },
      ])
    );
    expect(statements.filter(({ about }) => about === 'approved').map(({ text }) => text)).toEqual([
      `User u-9 (approver) approved the action with digest ${SHA.slice(0, 12)}, at ${AT.toISOString()}.`,
    ]);
  });

  it('tells of what was decided after people were asked as of any other decision, and repeats nothing', () => {
    const tool = { name: 'jira.assign', scope: 'jira:write', dry_run: false };
    const sources = [{ ref: 'READ#jira:read#acme#r-1/jira.get#before', sha256: SHA }];
    const { statements } = why(
      chained([
        { step: 'decide#1', tool, sources, result: { status: 'approval-needed' } },
        {
          step: 'decide#1.2',
          tool,
          sources,
          mode: 'supervised',
          policy: { decision: 'permitted', rule_ids: ['A_RULE'] },
          writ: { action: 1, digest: SHA },
          result: { status: 'authorised' },
        },
      ])
    );
    expect(statements.map(({ about, proof }) => [about, proof.seq])).toEqual([
      ['read', 0],
      ['proposed', 0],
      ['decided', 0],
      ['decided', 1],
      ['authorised', 1],
    ]);
    expect(statements.at(-2)).toMatchObject({
      text: 'The gate authorised it in mode supervised.',
      rules: [{ id: 'A_RULE' }],
    });
  });

  it('knows why each undo is refused, and why people are asked and what they say counts', () => {
    const rule_ids = [
      ...UndoRefusal.options.map(ruleOf),
      STILL_OURS,
      ...['MODE_SUPERVISED', 'IRREVERSIBLE', 'REFUSED_BY_APPROVER', 'REFUSED_BY_OPERATOR'],
    ];
    const { statements } = why(chained([{ step: 'decide#1', policy: { decision: 'refused', rule_ids } }]));
    expect(statements[0]?.rules?.filter(({ because }) => because === undefined)).toEqual([]);
  });

  it('tells how a run ended also where its undo was asked for since, and of that who asked and why', () => {
    const { statements, outcome } = why(
      chained([
        { step: 'respond', result: { status: 'completed' } },
        { step: 'undo#0', args_redacted: { undone_by: 'r-2', reason: 'a "wrong" queue' } },
      ])
    );
    expect(outcome).toBe('completed');
    expect(statements.at(-1)).toMatchObject({
      about: 'asked',
      text: 'User u-1 of tenant acme asked for this run to be undone, by run r-2: "a \\"wrong\\" queue".',
    });
  });

  it('tells of an undo who asked for it, of which run and why, and what was read for it', () => {
    const { statements, workflow } = why(
      chained([
        { step: 'submit-undo', workflow: 'triage', args_redacted: { undoes: 'r-0', reason: 'wrong' } },
        {
          step: 'decide#1',
          result: { status: 'changed' },
          sources: [{ ref: 'READ#jira:read#acme#r-1/jira.get#now', sha256: SHA }],
        },
      ])
    );
    expect(workflow).toBe('triage');
    expect(statements.map(({ text }) => text)).toEqual([
      'User u-1 of tenant acme asked for what run r-0 did to be undone, under release r: "wrong".',
      `jira.get (jira:read) was read; what it answered has digest ${SHA.slice(0, 12)}.`,
      'The gate refused it: changed.',
    ]);
  });

  it('tells which engines abstained first, and which were spared', () => {
    const stages = [
      { engine: 'classifier:queue@1', state: 'abstained', confidence: 0.4 },
      { engine: 'model:small@1', state: 'answered', confidence: 0.9 },
      { engine: 'model:large@1', state: 'not-asked', at_most_microusd: 900 },
    ] as const;
    const { statements } = why(
      chained([{ step: 'decide#1', model: model(7), stages: [...stages], result: { status: 'authorised' } }])
    );
    expect(statements[0]?.text).toBe(
      'Proposed was an action, by model:small@1. classifier:queue@1 had abstained (confidence 40.0 %). model:large@1 was not asked, at most 900 micro-dollars.'
    );
  });

  it('tells of an undo what was to be undone by what, and that it is', () => {
    const tool = { name: 'jira.restore', scope: 'jira:write', dry_run: false };
    const { statements } = why(
      chained([
        { step: 'decide#2', tool, policy: { decision: 'undo', rule_ids: [] }, result: { status: 'authorised' } },
        {
          step: 'verify#2',
          tool,
          result: { status: 'undone' },
          sources: [{ ref: 'READ#jira:read#acme#r-1/jira.get#undone#2', sha256: SHA }],
        },
      ])
    );
    expect(statements.map(({ about, text }) => [about, text])).toEqual([
      ['proposed', 'To undo what was done, proposed was jira.restore (jira:write).'],
      ['decided', 'The gate authorised it.'],
      ['read', `jira.get (jira:read) was read afterwards; what it answered has digest ${SHA.slice(0, 12)}.`],
      [
        'undone',
        'Read back afterwards, the system shows the effect of jira.restore (jira:write): what was done is undone.',
      ],
    ]);
  });

  it('says of whom and of what it is where a record tells, and leaves out what none does', () => {
    const whole = chained([
      { step: 'submit', workflow: 'ticket-triage' },
      { step: 'respond', result: { status: 'x' } },
    ]);
    const { statements, ...about } = why({ ...whole, reasons: {} });
    expect(statements.length).toBeGreaterThan(0);
    expect(about).toStrictEqual({
      run: RUN,
      tenant: 'acme',
      user: 'u-1',
      release: 'r',
      workflow: 'ticket-triage',
      outcome: 'x',
      cost_microusd: 0,
      knows_release: true,
      head: whole.head,
    });
    const { statements: none, ...empty } = why({ run: RUN, records: [], head: GENESIS, fault: 'it is gone' });
    expect([none, empty]).toStrictEqual([
      [],
      { run: RUN, cost_microusd: 0, knows_release: false, head: GENESIS, fault: 'it is gone' },
    ]);
    const bare = Object.keys(why(chained([{ step: 'submit' }])));
    for (const absent of ['workflow', 'outcome', 'fault']) expect(bare).not.toContain(absent);
  });

  it('gives the reason of a rule where the release or Writ itself has one, its own first, and else its name alone', () => {
    const rules = ['OWN', 'DEFAULT_DENY', 'toString'];
    const decided = chained([
      { step: 'decide#1', policy: { decision: 'refused', rule_ids: rules }, result: { status: 'refused' } },
    ]);
    const reasonsOf = (reasons?: Record<string, string>) =>
      why({ ...decided, reasons }).statements.flatMap(({ rules }) => rules ?? []);
    const [, standing] = reasonsOf();
    expect(reasonsOf()).toStrictEqual([
      { id: 'OWN' },
      { id: 'DEFAULT_DENY', because: expect.any(String) },
      { id: 'toString' },
    ]);
    expect(reasonsOf({ OWN: 'since it is ours' })).toStrictEqual([
      { id: 'OWN', because: 'since it is ours' },
      standing,
      { id: 'toString' },
    ]);
    expect(reasonsOf({ DEFAULT_DENY: 'as we say' })[1]).toStrictEqual({ id: 'DEFAULT_DENY', because: 'as we say' });
  });

  it('is what the API promises, and proves each sentence by a record of the chain, whatever steps there were', () => {
    const step = fc.constantFrom(
      'submit',
      'submit-undo',
      'undo#0',
      'decide#1.2',
      'route#0',
      'ask#0',
      'decide#1',
      'verify#1',
      'escalate',
      'reap',
      'respond',
      'toString',
      'new#2'
    );
    const word = fc.constantFrom(
      'eligible',
      'missing',
      'authorised',
      'recorded',
      'stopped',
      'mismatch',
      'verified',
      '__proto__',
      'x'
    );
    const event = fc
      .record(
        {
          step,
          result: fc.record({ status: word }),
          policy: fc.record({
            decision: word,
            rule_ids: fc.array(fc.constantFrom('A_RULE', 'DEFAULT_DENY', 'toString')),
          }),
          sources: fc.array(fc.constantFrom(plan, { ref: 'READ#jira:read#acme#r-1/jira.get#before', sha256: SHA })),
          claim: fc.record({ status: fc.constantFrom('done', 'constructor'), attempt: fc.integer({ min: 1, max: 3 }) }),
          writ: fc.constant({ action: 1, digest: SHA }),
        },
        { requiredKeys: ['step'] }
      )
      .map((made) => made as AuditEvent);
    fc.assert(
      fc.property(fc.array(event, { minLength: 1, maxLength: 8 }), fc.nat(), (events, which) => {
        const told = chained(events);
        const story = Story.parse(why(told));
        expect(story.fault).toBeUndefined();
        for (const { proof, text } of story.statements) {
          expect(told.records[proof.seq]?.hash).toBe(proof.hash);
          expect(text).toMatch(/\S\.$/);
          expect(text).not.toMatch(/undefined|\[object|function|native/);
        }
        expect(new Set(story.statements.map(({ proof }) => proof.seq)).size).toBeGreaterThan(0);

        const at = which % told.records.length;
        const forged = told.records.map((record, place) => (place === at ? { ...record, trace_id: 'forged' } : record));
        expect(why({ ...told, records: forged }).fault).toContain(`record ${at} was changed`);
      })
    );
  });
});
