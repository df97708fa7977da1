import { describe, expect, it } from 'vitest';
import { documentOf } from '../../../cli/demo/document.ts';
import { showReport } from '../../../cli/demo/report.ts';
import type { Outcome, Result } from '../../../cli/demo/results.ts';
import { totalsOf } from '../../../cli/demo/totals.ts';
import type { Ticket } from '../../../cli/tickets/tickets.ts';
import { aShell } from '../support/shell.ts';

const result = (
  outcome: Outcome,
  queue: string | undefined,
  ticket: Partial<Ticket> = {},
  settledAtMs = 100
): Result => ({
  ticket: { line: 2, id: 'T-1', summary: 'VPN', forgotten: false, reply: false, hostile: false, ...ticket },
  issueKey: `OPS-${settledAtMs}`,
  outcome,
  run: 'a'.repeat(26),
  settledAtMs,
  view: {
    run: 'a'.repeat(26),
    workflow: 'ticket-triage',
    status: 'closed',
    rules: ['RULE_ONE'],
    createdAt: '2030-01-02T03:04:05.000Z',
    updatedAt: '2030-01-02T03:04:06.500Z',
    ...(queue !== undefined && {
      proposal: {
        tool: 'jira.assign',
        arguments: { component: queue },
        confidence: 0.9,
        abstained: false,
        engine: { kind: 'classifier', name: 'queue', version: '1' },
      },
    }),
  },
});

const results = [
  result('assigned', 'Network', { queue: 'Network', expected: 'assigned' }, 300),
  result('assigned', 'Access', { queue: 'Network', expected: 'assigned' }, 200),
  result('escalated', 'Network', { queue: 'Network', expected: 'escalated' }, 400),
  result('asked', undefined, {}, 50),
];
const totals = totalsOf({
  results,
  malformed: 1,
  writes: [
    { issueKey: 'OPS-300', fields: ['components'] },
    { issueKey: 'OPS-200', fields: ['components', 'summary'] },
    { issueKey: 'OPS-400', fields: ['components'] },
    { issueKey: 'OPS-9', fields: ['components'] },
    { issueKey: 'OPS-9', fields: ['status'] },
  ],
  earlierIssues: new Set(['OPS-9']),
  batchStartedMs: 40,
  endedMs: 1_240,
});

describe('totals', () => {
  it('count what was given to the right queue among those given one, and among all', () => {
    expect(totals.accuracy).toEqual({ assigned: 2, correct: 1, ofAssigned: 1 / 2, ofAll: 1 / 3 });
    expect(totals.expectations).toEqual({ met: 2, of: 3 });
    expect(totals.outcomes).toMatchObject({ assigned: 2, escalated: 1, asked: 1, failed: 0 });
  });

  it('name every write that no run may have made', () =>
    expect(totals.jira).toEqual({
      writes: 5,
      earlierWrites: 1,
      strayWrites: [
        { issueKey: 'OPS-200', fields: ['components', 'summary'] },
        { issueKey: 'OPS-400', fields: ['components'] },
        { issueKey: 'OPS-9', fields: ['status'] },
      ],
    }));

  it('take the first ticket that was triaged, not the first that was asked about', () =>
    expect(totals.timings).toEqual({ firstTriagedMs: 200, batchMs: 1_200, totalMs: 1_240 }));

  it('have no accuracy where nothing is labelled', () =>
    expect(
      totalsOf({
        results: [result('assigned', 'A')],
        malformed: 0,
        writes: [],
        earlierIssues: new Set(),
        batchStartedMs: 0,
        endedMs: 1,
      })
    ).toMatchObject({
      labelled: 0,
      accuracy: null,
      expectations: null,
    }));
});

describe('the document', () => {
  it('has every member for every ticket', () => {
    const document = documentOf(results, totals);
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(document.tickets[0]).toEqual({
      id: 'T-1',
      line: 2,
      issueKey: 'OPS-300',
      run: 'a'.repeat(26),
      outcome: 'assigned',
      queue: 'Network',
      proposedQueue: 'Network',
      confidence: 0.9,
      engine: 'classifier:queue',
      rule: 'RULE_ONE',
      rules: ['RULE_ONE'],
      because: null,
      ms: 1_500,
      label: 'Network',
      correct: true,
      expected: 'assigned',
      asExpected: true,
      hostile: false,
      problem: null,
    });
    expect(document.tickets[2]).toMatchObject({
      queue: null,
      proposedQueue: 'Network',
      correct: false,
      asExpected: true,
    });
  });
});

describe('the report', () => {
  it('says the same to people, without anything that a ticket brought along', () => {
    const { shell, written } = aShell({ columns: 90 });
    const hostile = result('failed', undefined, { id: 'T-9', summary: '\u001b[2Jgone\u202e' }, 1);
    showReport(shell.out, [...results, hostile], totals);
    expect(written.out).not.toMatch(/\p{Cf}/u);
    expect(written.out.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
    expect(written.out).toMatch(/^ {2}T-9 {5}gone {5}–/m);
    expect(written.out).toContain('failed T-9: the run failed');
    expect(written.out).toContain(
      'Accuracy: 50.0 % (1 of 2) of those given a queue, 33.3 % (1 of 3) of all with a label'
    );
    expect(written.out).toContain('astray OPS-400: components');
    expect(written.out).toContain('first triaged after 0.2 s, all after 1.2 s');
    for (const line of written.out.split('\n').slice(0, 6)) expect(line.length).toBeLessThanOrEqual(90);
  });
});
