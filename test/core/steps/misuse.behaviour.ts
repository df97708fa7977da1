import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import type { Engine } from '../../../lambdas/core/engine/engine.ts';
import { Retryable, Terminal } from '../../../lambdas/core/errors.ts';
import { approve } from '../../../lambdas/core/steps/approve.ts';
import { ask } from '../../../lambdas/core/steps/ask.ts';
import { escalate, respond } from '../../../lambdas/core/steps/close.ts';
import { decide } from '../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { reap } from '../../../lambdas/core/steps/reap.ts';
import { route } from '../../../lambdas/core/steps/route.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import { decideOrUndo } from '../../../lambdas/core/steps/undo.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import type { WriteTool } from '../../../lambdas/core/tool.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { aRelease, aRun, aRunId, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { type Given, givenRun } from '../../support/run.ts';

/*
 * Steps that are called as no state machine would call them, or by a deployment that does not fit together: each says so once and
 * for all, and the run stays as it was.
 */

type Made = Awaited<ReturnType<typeof givenRun>>;

describe.skipIf(!hasDynoxide)('a step that has no business with a run', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const OTHER = aRunId();
  const steps: Readonly<Record<string, (made: Made, ref?: Made['ref']) => Promise<unknown>>> = {
    'route#0': ({ deps, ref }, to = ref) => route.run(deps, { ...to, round: 0 }),
    'ask#0': ({ deps, ref }, to = ref) => ask.run(deps, { ...to, round: 0, field: 'issueKey', token: 't' }),
    'decide#1': ({ deps, ref }, to = ref) => decide.run(deps, { ...to, action: 1 }),
    'decide#1001': ({ deps, ref }, to = ref) => decideOrUndo.run(deps, { ...to, action: 1_001, undoes: 1 }),
    'approve#1': ({ deps, ref }, to = ref) => approve.run(deps, { ...to, action: 1, round: 1, token: 't' }),
    'verify#1': ({ deps, ref }, to = ref) => verify.run(deps, { ...to, action: 1 }),
    'survey#1': ({ deps, ref }, to = ref) => survey.run(deps, { ...to, action: 1 }),
    respond: ({ deps, ref }, to = ref) => respond.run(deps, { ...to, outcome: 'completed', rules: [] }),
    escalate: ({ deps, ref }, to = ref) => escalate.run(deps, { ...to, because: 'fault', rules: [] }),
    reap: ({ deps, ref }, to = ref) => reap.run(deps, { detail: { status: 'FAILED', input: to } }),
  };
  const named = Object.entries(steps).map(([key, call]) => ({ key, call }));

  const given = (about: Given = {}) => givenRun(dynoxide, about);
  /** That it fails so, and leaves nothing. */
  const expectTerminal = async (made: Made, doing: Promise<unknown>, message: string) => {
    await expect(doing).rejects.toMatchObject({ name: Terminal.name, message });
    const { run, records } = await made.kept();
    expect([run.steps, records.length, await made.writs()]).toEqual([made.run.steps, 1, []]);
  };

  it.each(named)('knows no run that is not there: $key', async ({ call }) => {
    const made = await given();
    const message = `there is no run ${OTHER} of tenant acme`;
    await expectTerminal(made, call(made, { tenant: 'acme', run: OTHER }), message);
  });

  it('proposes nothing for a run that is not there', async () => {
    const made = await given();
    const proposing = propose.run(made.deps, { tenant: 'acme', run: OTHER, action: 1 });
    await expectTerminal(made, proposing, `there is no run ${OTHER} of tenant acme`);
  });

  it.each(named.filter(({ key }) => key !== 'reap'))(
    'comes too late for a run that is closed: $key',
    async ({ key, call }) => {
      const made = await given({ run: { status: 'closed', outcome: 'completed' } });
      await expectTerminal(made, call(made), `run ${made.ref.run} is closed: ${key} comes too late`);
    }
  );

  it.each(named.filter(({ key }) => key !== 'reap'))('serves its own release alone: $key', async ({ call }) => {
    const release = 'f'.repeat(64);
    const made = await given({ run: { release } });
    const message = `run ${made.ref.run} is pinned to release ${release}, this step serves ${aRelease().release}`;
    await expectTerminal(made, call(made), message);
  });

  it.each(named.filter(({ key }) => key !== 'reap'))(
    'takes what is no answer of it for none: $key',
    async ({ key, call }) => {
      const made = await given({ run: { steps: { [key]: { kind: 'nonsense' } } } });
      await expectTerminal(made, call(made), `what ${key} of run ${made.ref.run} answered before is no answer of it`);
    }
  );

  it.each([
    ['decides before anything is proposed', 'decide#1', 'has no proposal for action 1'],
    ['asks people for what needs nobody', 'approve#1', 'needs no approval of action 1 in round 1'],
    ['verifies what was not done', 'verify#1', 'has no writ, claim and reading of action 1 to compare'],
    ['surveys a run that undoes nothing', 'survey#1', 'was not made to undo another'],
  ])('out of its turn: it %s', async (_, key, problem) => {
    const made = await given();
    await expectTerminal(made, steps[key]?.(made) ?? Promise.resolve(), `run ${made.ref.run} ${problem}`);
  });

  it.each(['writ', 'claim', 'reading'])('verifies nothing without its %s', async (missing) => {
    const made = await given();
    const writ = aWrit(made.ref);
    const { digest, issuedAt } = writ;
    const claim = { digest, status: 'done', attempt: 1, startedAt: issuedAt, leaseUntil: issuedAt };
    if (missing !== 'writ') await made.state.put({ ...keys.writ(writ, writ.scope, 1), content: writ });
    if (missing !== 'claim') await made.state.put({ ...keys.claim(writ, writ.scope, 1), content: claim });
    if (missing !== 'reading') await made.read('after', { issueKey: 'OPS-1', components: ['Network'] });
    const verifying = verify.run(made.deps, { ...made.ref, action: 1 });
    await expect(verifying).rejects.toThrow(
      new Terminal(`run ${made.ref.run} has no writ, claim and reading of action 1 to compare`)
    );
    expect((await made.kept()).records).toHaveLength(1);
  });

  it.each([
    ['reported', {}],
    ['completed', { undo: { of: OTHER, reason: 'a test' } }],
  ] as const)('closes as %s no run that cannot be', async (outcome, run) => {
    const made = await given({ run });
    const closing = respond.run(made.deps, { ...made.ref, outcome, rules: [] });
    await expectTerminal(made, closing, `run ${made.ref.run} cannot be closed as ${outcome}`);
  });

  it('rules on no undo before the record is read again', async () => {
    const original = aRun();
    const made = await given({ run: { undo: { of: original.run.run, reason: 'a test' } } });
    await made.state.put({ ...keys.run(original.run), content: original.run });
    const ruling = decideOrUndo.run(made.deps, { ...made.ref, action: 1, undoes: 1 });
    await expectTerminal(made, ruling, `run ${made.ref.run} has not read the record of action 1 again`);
  });

  it('undoes no run that is not there', async () => {
    const made = await given({ run: { undo: { of: OTHER, reason: 'a test' } } });
    const surveying = survey.run(made.deps, { ...made.ref, action: 1 });
    await expectTerminal(made, surveying, `there is no run ${OTHER} of tenant acme to undo`);
  });

  it('gives up where others keep moving the run, and has done nothing', async () => {
    const tries: string[] = [];
    const made = await given({
      ledger: (real) => ({
        ...real,
        move: async (_, { key }) => {
          tries.push(key);
          return 'stale';
        },
      }),
    });
    await expect(route.run(made.deps, { ...made.ref, round: 0 })).rejects.toMatchObject({
      name: Retryable.name,
      message: `run ${made.ref.run} kept moving while route#0 was to be recorded`,
    });
    expect(tries).toEqual(Array(8).fill('route#0'));
  });

  describe('of a deployment that does not fit together', () => {
    const assign = contracts['jira.assign'] as unknown as WriteTool;
    const { 'jira.get': _get, ...blind } = contracts;
    const { 'jira.assign': _assign, ...without } = contracts;
    const undoes = { action: 1_001, undoes: 1 };

    it.each(['jira.get', 'jira.forget'])('has no write tool %s', async (tool) => {
      const made = await given({ release: aRelease({ proposal: { ...aRelease().proposal, tool } }) });
      const message = `release ${aRelease().release} names ${tool}, which is not a write tool here`;
      await expect(Promise.resolve().then(() => decide.run(made.deps, { ...made.ref, action: 1 }))).rejects.toThrow(
        new Terminal(message)
      );
      await expect(Promise.resolve().then(() => verify.run(made.deps, { ...made.ref, action: 1 }))).rejects.toThrow(
        new Terminal(message)
      );
    });

    it('has nothing that sees what is written', async () => {
      const made = await given({ tools: blind });
      const seeing = 'seen by jira.get, which is not a tool here';
      const verifying = Promise.resolve().then(() => verify.run(made.deps, { ...made.ref, action: 1 }));
      await expectTerminal(made, verifying, `jira.assign is ${seeing}`);
      const ruling = decideOrUndo.run(made.deps, { ...made.ref, ...undoes });
      await expectTerminal(made, ruling, `what jira:write writes is ${seeing}`);
      const undoing = await given({ tools: blind, run: { undo: { of: made.ref.run, reason: 'a test' } } });
      const surveying = survey.run(undoing.deps, { ...undoing.ref, action: 1 });
      await expectTerminal(undoing, surveying, `what jira:write writes is ${seeing}`);
    });

    it('has no longer the tool, or not for these arguments, that a writ is of', async () => {
      const made = await given();
      const verified = async (about: Partial<ReturnType<typeof aWrit>>) => {
        const writ = aWrit({ ...made.ref, ...about });
        await made.state.put({ ...keys.writ(writ, writ.scope, 1), content: writ });
        await made.state.put({
          ...keys.claim(writ, writ.scope, 1),
          content: {
            digest: writ.digest,
            status: 'done',
            attempt: 1,
            startedAt: writ.issuedAt,
            leaseUntil: writ.issuedAt,
          },
        });
        await made.read('after', { issueKey: 'OPS-1', components: ['Network'] });
        return verify.run(made.deps, { ...made.ref, action: 1 });
      };
      const none = { tool: 'jira.forget', undoes: { run: OTHER, action: 1 } };
      await expect(verified(none)).rejects.toThrow(new Terminal('there is no write tool jira.forget here'));
      await expect(verified({ ...none, tool: 'jira.get' })).rejects.toThrow('there is no write tool jira.get here');
      await expect(verified({ arguments: { issueKey: 'none' } })).rejects.toMatchObject({
        name: Terminal.name,
        message: 'the arguments of the writ do not fit jira.assign',
        cause: { issues: [{ path: ['issueKey'] }, { path: ['component'] }] },
      });
    });

    it('forgets the write tool that a run was to use', async () => {
      const made = await given({ tools: without });
      await expect(
        Promise.resolve().then(() => escalate.run(made.deps, { ...made.ref, because: 'fault', rules: [] }))
      ).rejects.toThrow('which is not a write tool here');
    });

    it.each([0.5, -1, Number.NaN])('has a tool that costs %f', async (cost) => {
      const made = await given({ tools: { ...contracts, 'jira.assign': { ...assign, costMicrousd: () => cost } } });
      await propose.run(made.deps, { ...made.ref, action: 1 });
      const message = `jira.assign must cost a whole number of micro-dollars from 0: its contract says ${cost}`;
      await expectTerminal(made, decide.run(made.deps, { ...made.ref, action: 1 }), message);
    });

    it.each([0.5, -1])('has an engine that costs %f', async (cost) => {
      const proposer: Engine = {
        id: { kind: 'rules', name: 'odd', version: 'f'.repeat(64) },
        mostMicrousd: () => cost,
        answer: async () => {
          throw new Error('it is not to be asked');
        },
      };
      const made = await given({ proposer });
      const message = `odd must cost a whole number of micro-dollars: it says ${cost}`;
      await expectTerminal(made, propose.run(made.deps, { ...made.ref, action: 1 }), message);
      const { purse: _purse, ...deps } = made.deps;
      const dear = { ...proposer, mostMicrousd: () => 1 };
      await expectTerminal(
        made,
        propose.run({ ...deps, proposer: dear }, { ...made.ref, action: 1 }),
        'odd costs something, and this step has nothing to pay it from'
      );
    });
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no run', '{"tenant":"acme"}'],
  ])('reaps no execution whose input is %s', (_, input) => {
    const parsed = reap.input.safeParse({ detail: { status: 'FAILED', input } });
    expect(parsed.success).toBe(false);
    expect(parsed.error?.issues.map(({ message }) => message).join()).toBe(
      'the execution input must be JSON with tenant and run'
    );
  });
});
