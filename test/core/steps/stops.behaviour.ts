import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoClaims } from '../../../lambdas/adapters/dynamodb/claims.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoReadings } from '../../../lambdas/adapters/dynamodb/readings.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { act } from '../../../lambdas/core/act/act.ts';
import { read } from '../../../lambdas/core/act/read.ts';
import { reconcile } from '../../../lambdas/core/act/reconcile.ts';
import { faultOf } from '../../../lambdas/core/audit/verify.ts';
import { rulesEngine } from '../../../lambdas/core/engine/rules.ts';
import { controlSubject, EXPIRY_MARGIN_MS } from '../../../lambdas/core/gate/controls.ts';
import { type Claim, type Control, Reading } from '../../../lambdas/core/records.ts';
import { escalate } from '../../../lambdas/core/steps/close.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import { jiraAssign, jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aRelease, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { type Given, givenRun } from '../../support/run.ts';

const LEVELS = [
  ['global', 'STOPPED_GLOBAL'],
  ['tenant', 'STOPPED_TENANT'],
  ['workflow', 'STOPPED_WORKFLOW'],
] as const;
/** A stop's end that is over, margin and all, and one that is not yet by a millisecond. */
const ENDED = new Date(AT.getTime() - EXPIRY_MARGIN_MS).toISOString();
const NOT_YET = new Date(AT.getTime() - EXPIRY_MARGIN_MS + 1).toISOString();

describe.skipIf(!hasDynoxide)('what is stopped', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  let tenants = 0;
  /** A run of a tenant and a workflow of its own, with engines that count how often they are asked. */
  const given = async (about: Given = {}) => {
    tenants += 1;
    const [tenant, workflow] = [`stops-${tenants}`, `stopped-${tenants}`];
    const asked = { eligibility: 0, proposer: 0 };
    const counting = (which: keyof typeof asked, rules: Parameters<typeof rulesEngine>[1]) => {
      const engine = rulesEngine('words', rules);
      return {
        ...engine,
        answer: async (question: Parameters<typeof engine.answer>[0]) => {
          asked[which] += 1;
          return engine.answer(question);
        },
      };
    };
    const release = aRelease({ workflow });
    const [spec] = release.proposal.engines;
    const made = await givenRun(dynoxide, {
      release,
      run: { tenant, workflow },
      eligibility: counting('eligibility', []),
      proposer: counting('proposer', spec?.kind === 'rules' ? spec.rules : []),
      ...about,
    });
    const subjects = { global: 'global', tenant: `tenant:${tenant}`, workflow: `workflow:${workflow}` };
    const stop = (level: keyof typeof subjects, control: Partial<Control> = {}) =>
      made.control({ subject: subjects[level], stopped: true, stops: 'everything', ...control });
    const resume = (level: keyof typeof subjects) => stop(level, { stopped: false });
    return { ...made, asked, stop, resume, workflow, subjects };
  };

  describe('under a stop of everything', () => {
    it.each(LEVELS)('of the %s, Route asks no engine and answers the rule', async (level, rule) => {
      const run = await given();
      await run.stop(level);
      const routed = await route.run(run.deps, { ...run.ref, round: 0 });
      await run.resume(level);

      expect(routed).toEqual({ kind: 'stopped', rule });
      expect(run.asked.eligibility).toBe(0);
      const { run: kept, records } = await run.kept();
      expect(records.at(-1)).toMatchObject({ step: 'route#0', policy: { decision: 'stopped', rule_ids: [rule] } });
      expect(faultOf(records, kept.head)).toBeUndefined();
      expect(await route.run(run.deps, { ...run.ref, round: 0 })).toEqual(routed); // what a step answered, it answers again
    });

    it.each(LEVELS)(
      'of the %s, Propose asks no engine, and Decide refuses, also when it is over',
      async (level, rule) => {
        const run = await given();
        await run.stop(level);
        await propose.run(run.deps, { ...run.ref, action: 1 });
        await run.resume(level);

        expect(run.asked.proposer).toBe(0);
        expect(await decide.run(run.deps, { ...run.ref, action: 1 })).toEqual({
          kind: 'refused',
          because: 'stopped',
          rules: [rule],
        });
        expect(await run.writs()).toEqual([]);
      }
    );

    it('Propose makes nothing of what was not read', async () => {
      const run = await given({
        release: aRelease({
          proposal: {
            ...aRelease().proposal,
            text: [{ from: 'record', tool: jiraGet.name, field: 'summary' }],
          },
        }),
        run: {},
      });
      const none = { tool: jiraGet.name, scope: jiraGet.scope, call: 'before', output: {}, sha256: 'a'.repeat(64) };
      const reading = Reading.parse({ ...none, stopped: 'STOPPED_SCOPE', at: AT.toISOString() });
      await run.state.put({ ...keys.reading(run.ref, reading), content: reading });
      await propose.run(run.deps, { ...run.ref, action: 1 });

      expect(run.asked.proposer).toBe(0);
      expect(await decide.run(run.deps, { ...run.ref, action: 1 })).toMatchObject({ rules: ['STOPPED_SCOPE'] });
    });

    it.each([
      ['a stop of writes', { stops: 'writes' }],
      ['a stop that says nothing, as they were before', { stops: undefined }],
      ['a stop of everything that has ended', { until: ENDED }],
    ] as const)('engines are asked as ever under %s', async (_, control) => {
      const run = await given();
      await run.stop('tenant', control);
      expect(await route.run(run.deps, { ...run.ref, round: 0 })).toMatchObject({ kind: 'eligible' });
      await propose.run(run.deps, { ...run.ref, action: 1 });
      expect(run.asked).toEqual({ eligibility: 1, proposer: 1 });
    });
  });

  describe('reading', () => {
    const reader = async (about: { readonly scope?: string } = {}) => {
      const run = await given();
      let calls = 0;
      const deps = {
        readings: dynamoReadings(dynoxide.connection, dynoxide.state),
        scope: about.scope ?? jiraGet.scope,
        reads: [
          {
            contract: jiraGet,
            call: async () => {
              calls += 1;
              return { ...ISSUE };
            },
          },
        ],
        open: async () => undefined,
        now: () => AT,
      };
      const reads = (call: 'before' | 'after') =>
        read(deps, run.ref, { tool: jiraGet.name, call, input: { issueKey: 'OPS-1' }, workflow: run.workflow });
      const kept = async (call: 'before' | 'after') => {
        const key = keys.reading(run.ref, { scope: deps.scope, tool: jiraGet.name, call });
        return Reading.parse((await run.state.get(key))?.content);
      };
      return { ...run, reads, kept, calls: () => calls };
    };

    it.each([...LEVELS, ['scope', 'STOPPED_SCOPE'] as const])(
      'does not begin before an action under a stop of everything of its %s, and does after one',
      async (level, rule) => {
        const run = await reader();
        const subject = level === 'scope' ? controlSubject('scope', jiraGet.scope) : run.subjects[level];
        await run.control({ subject, stopped: true, stops: 'everything' });
        const [before, after] = [await run.reads('before'), await run.reads('after')];
        await run.control({ subject, stopped: false });

        expect(before.kind).toBe('stopped');
        expect(await run.kept('before')).toMatchObject({ stopped: rule, output: {} });
        expect(after.kind).toBe('read');
        expect(await run.kept('after')).toMatchObject({ output: { issueKey: 'OPS-1' } });
        expect(run.calls()).toBe(1);
      }
    );

    it.each([
      ['writes', { stops: 'writes' }],
      ['everything, that has ended', { stops: 'everything', until: ENDED }],
    ] as const)('begins under a stop of %s', async (_, control) => {
      const run = await reader();
      await run.stop('tenant', control);
      expect((await run.reads('before')).kind).toBe('read');
    });

    it("does not mind another scope's, workflow's or tenant's stop", async () => {
      const run = await reader();
      for (const subject of ['scope:jira:write', 'workflow:none', 'tenant:none'])
        await run.control({ subject, stopped: true, stops: 'everything' });
      const { kind } = await run.reads('before');
      await run.control({ subject: 'scope:jira:write', stopped: false });
      expect(kind).toBe('read');
    });
  });

  describe('in the transaction', () => {
    /** A run that is decided while its tenant's control changes between the look and the write. */
    const decidedUnder = async (control: Partial<Control>) => {
      let change = async (): Promise<void> => {};
      const run = await given({
        ledger: (real) => ({
          ...real,
          move: async (...args) => {
            await change();
            return real.move(...args);
          },
        }),
      });
      await propose.run(run.deps, { ...run.ref, action: 1 });
      change = () => run.stop('tenant', control);
      const verdict = await decide.run(run.deps, { ...run.ref, action: 1 });
      return { verdict, writs: await run.writs() };
    };

    it.each(['writes', 'everything'] as const)('a stop of %s ends by itself, and not a moment early', async (stops) => {
      const held = await decidedUnder({ stops, until: NOT_YET });
      expect(held).toEqual({ verdict: { kind: 'refused', because: 'stopped', rules: ['STOPPED_TENANT'] }, writs: [] });
      const ended = await decidedUnder({ stops, until: ENDED });
      expect([ended.verdict.kind, ended.writs.length]).toEqual(['authorised', 1]);
    });

    /** An act whose tenant is stopped so, and what its system was called for. */
    const acting = async (control: Partial<Control>, earlier?: Partial<Claim>) => {
      const run = await given();
      const writ = aWrit({ ...run.ref, workflow: run.workflow });
      await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.writ(writ, writ.scope, 1), content: writ });
      const claims = dynamoClaims(dynoxide.connection, dynoxide.state, writ.scope);
      const startedAt = new Date(AT.getTime() - 60_000).toISOString();
      const claim = { digest: writ.digest, attempt: 1, startedAt, leaseUntil: startedAt, ...earlier };
      if (earlier)
        await run.state.put({ ...keys.claim(writ, writ.scope, 1), content: { status: 'in-doubt', ...claim } });
      await run.stop('tenant', control);
      let calls = 0;
      const deps = {
        claims,
        writes: [
          {
            contract: jiraAssign,
            call: async () => {
              calls += 1;
              return { issueKey: 'OPS-1', component: 'Network' };
            },
            lookUp: async () => true,
          },
        ],
        open: async () => undefined,
        now: () => AT,
      };
      return {
        run,
        writ,
        calls: () => calls,
        act: () => act(deps, writ, 1),
        reconcile: () => reconcile(deps, writ, 1),
      };
    };

    it.each(['writes', 'everything'] as const)(
      'no claim begins under a stop of %s until it has ended',
      async (stops) => {
        const held = await acting({ stops, until: NOT_YET });
        await expect(held.act()).rejects.toThrow('STOPPED_TENANT');
        expect(held.calls()).toBe(0);
        const ended = await acting({ stops, until: ENDED });
        expect(await ended.act()).toEqual({ kind: 'done' });
        expect(ended.calls()).toBe(1);
      }
    );

    it('what has happened is still looked up, verified and handed over under a stop of everything', async () => {
      const { run, writ, reconcile } = await acting({ stops: 'everything' }, { status: 'in-doubt' });
      expect(await reconcile()).toEqual({ kind: 'done' });
      await run.read('after', { issueKey: 'OPS-1', components: ['Network'] });
      expect(await verify.run(run.deps, { ...run.ref, action: 1 })).toMatchObject({ kind: 'verified' });
      await escalate.run(run.deps, { ...run.ref, because: 'stopped', rules: ['STOPPED_TENANT'] });
      const { run: kept } = await run.kept();
      expect(kept).toMatchObject({ status: 'closed', outcome: 'escalated', rules: ['STOPPED_TENANT'] });
      expect((await run.state.get(keys.escalation(writ)))?.content).toMatchObject({ because: 'stopped' });
    });
  });
});

const ISSUE = { issueKey: 'OPS-1', summary: 'x', description: 'x', components: ['Network'], statusCategory: 'new' };
