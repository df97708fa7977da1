import { describe, expect, it } from 'vitest';
import type { FakeApi } from './support/fake-api.ts';
import { answering, RUN, writ } from './support/writ.ts';

describe('runs, run and reply', () => {
  const ready = (fake: FakeApi) => {
    const run = {
      run: RUN,
      input: { summary: 's' },
      status: 'waiting' as const,
      rules: ['ISSUE_KEY_MISSING'],
      round: 0,
    };
    fake.runs.push(run);
  };

  it('list what there is', async () => {
    const { code, out } = await writ(['runs'], {}, ready);
    expect(code).toBe(0);
    expect(out.split('\n')[0]).toMatch(/^RUN +WORKFLOW +STATE +DECIDED BY +SUBMITTED$/);
    expect(out.split('\n')[1]).toBe(`${RUN}  ticket-triage  waiting  ISSUE_KEY_MISSING  2030-01-02 03:04:05Z`);
  });

  it('show what is asked, and how to answer', async () => {
    const { out } = await writ(['run', RUN], {}, ready);
    expect(out).toContain('asks        Which issue?');
    expect(out).toContain(`npm run -s writ -- reply ${RUN} --field issueKey=…`);
  });

  it('show which limit had no room, and when it begins anew', async () => {
    const at = '2030-01-02T03:04:05.000Z';
    const tenantDay = {
      rule: 'BUDGET_TENANT_DAY',
      unit: 'microusd',
      atMost: 50_000_000,
      used: 49_999_400,
      asked: 1_200,
    };
    const cap = { rule: 'ASSIGNMENTS_OF_ISSUE_DAY', unit: 'actions', atMost: 10, asked: 1 };
    const limits = [{ ...tenantDay, resetsAt: '2030-01-03T00:00:00.000Z' }, cap];
    const view = {
      run: RUN,
      workflow: 'w',
      status: 'closed',
      outcome: 'escalated',
      createdAt: at,
      updatedAt: at,
      limits,
    };
    const { out } = await writ(['run', RUN], answering(200, view));

    expect(out).toContain(
      'BUDGET_TENANT_DAY: $49.9994 of $50.00 used, $0.0012 asked; begins anew 2030-01-03 00:00:00Z'
    );
    expect(out).toContain('ASSIGNMENTS_OF_ISSUE_DAY: at most 10, 1 asked');
  });

  it('show what is in doubt and where to look, and what became of undos', async () => {
    const at = '2030-01-02T03:04:05.000Z';
    const doubt = {
      action: 1,
      tool: 'jira.assign',
      scope: 'jira:write',
      seenBy: 'jira.get',
      arguments: { issueKey: 'OPS-1', component: 'Network\u001b[2J' },
      marker: `${RUN}-1`,
      claim: 'executing',
      since: at,
      leaseUntil: '2030-01-02T03:04:20.000Z',
    };
    const { seenBy: _, ...elsewhere } = {
      ...doubt,
      action: 2,
      tool: 'mail.send',
      marker: `${RUN}-2`,
      arguments: { to: [], cc: ['a', 'b'] },
      claim: 'unclaimed',
    };
    const view = {
      run: RUN,
      workflow: 'w',
      status: 'closed',
      outcome: 'escalated',
      createdAt: at,
      updatedAt: at,
      escalation: { because: 'in-doubt', rules: [], doubts: [doubt, elsewhere] },
      undone: [
        { action: 2, report: 'undone-before' },
        { action: 1, report: 'changed' },
      ],
    };
    const { out } = await writ(['run', RUN], answering(200, view));
    expect(out).toContain('action 1, jira.assign issueKey=OPS-1, component=Network');
    expect(out).toContain('action 2, mail.send to=[], cc=["a","b"]');
    expect(out).not.toContain('\u001b[2J');
    expect(out).toContain('begun 2030-01-02 03:04:05Z, may have arrived until 2030-01-02 03:04:20Z');
    expect(out).toContain(
      'not begun when the execution had ended, 2030-01-02 03:04:05Z, and may be until 2030-01-02 03:04:20Z'
    );
    expect(out).toContain(`look at     what jira.get shows, for a change made as ${RUN}-1`);
    expect(out).toContain(`look at     the system, for a change made as ${RUN}-2`);
    expect(out).toContain('action 2 nothing to undo: an earlier undo has undone it');
    expect(out).toContain('action 1 not undone: the record was changed since');
    expect(out).toContain('undo once more');
  });

  it('answer it', async () => {
    const { code, out, requests } = await writ(['reply', RUN, '--field', 'issueKey=OPS-1'], {}, ready);
    expect(code).toBe(0);
    expect(out).toBe(`Replied; run ${RUN} goes on.\n`);
    expect(requests).toMatchObject([{ path: `/v1/runs/${RUN}/reply`, body: { fields: { issueKey: 'OPS-1' } } }]);
  });
});
