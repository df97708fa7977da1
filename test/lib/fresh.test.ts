import { describe, expect, it } from 'vitest';
import { prefix } from '../../lambdas/core/tables.ts';
import { jiraGet } from '../../lambdas/tools/jira/contract.ts';
import { scopeAccess, stepAccess } from '../../lib/constructs/access.ts';
import { assertFresh } from '../../lib/fresh.ts';
import { scopesOf } from '../../lib/functions.ts';
import { ticketTriage } from '../../statemachines/ticket-triage/workflow.ts';
import { keptParts } from '../support/catalogue.ts';

const withTool = (tool: ReturnType<typeof keptParts>) => ({ ...ticketTriage, tools: [...ticketTriage.tools, tool] });

describe('answers that may be given again', () => {
  it('are none of a tool that sees what an action did', () => {
    expect(() => assertFresh(ticketTriage)).not.toThrow();
    const tools = ticketTriage.tools.map((tool) => (tool === jiraGet ? { ...jiraGet, cacheSeconds: 5 } : tool));
    expect(() => assertFresh({ ...ticketTriage, tools })).toThrow(
      'ticket-triage: jira.get sees what an action did, so its answers are never given again'
    );
  });

  it.each([0, -1, 1.5, Number.NaN, 7_776_001])(
    'are kept for a time that content may be kept for, which %d is not',
    (seconds) => {
      expect(() => assertFresh(withTool(keptParts(seconds)))).toThrow('expected a whole number from 1 to 7776000');
    }
  );

  it.each([1, 7_776_000])('may be kept for %d s', (seconds) => {
    expect(() => assertFresh(withTool(keptParts(seconds)))).not.toThrow();
  });

  it('are reached by the scopes alone that have such tools, and by steps alone whose models remember', () => {
    const reaches = (access: object) => JSON.stringify(access).match(/CACHE#[^"]*/g) ?? [];
    const byScope = scopesOf(withTool(keptParts(60))).map((scope) => [scope.name, reaches(scopeAccess(scope))]);
    const own = prefix.cache('reading', 'catalogue:read');
    expect(Object.fromEntries(byScope)).toEqual({ 'catalogue:read': [own, own], 'jira:read': [], 'jira:write': [] });

    const domain = { workflow: 'triage', scopes: scopesOf(ticketTriage), writes: ['jira.assign'] };
    for (const step of ['route', 'propose'] as const) {
      const start = `CACHE#completion#${step}:triage#`;
      expect(reaches(stepAccess(step, { ...domain, remembering: [step] }))).toEqual([start, start]);
      expect(reaches(stepAccess(step, { ...domain, remembering: [] }))).toEqual([]);
    }
    expect(reaches(stepAccess('decide', { ...domain, remembering: ['route', 'propose'] }))).toEqual([]);
  });
});
