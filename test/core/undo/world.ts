import { expect } from 'vitest';
import { dynamoClaims } from '../../../lambdas/adapters/dynamodb/claims.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoReadings } from '../../../lambdas/adapters/dynamodb/readings.ts';
import { type ActDeps, act } from '../../../lambdas/core/act/act.ts';
import { read } from '../../../lambdas/core/act/read.ts';
import { reconcile } from '../../../lambdas/core/act/reconcile.ts';
import type { RunRef } from '../../../lambdas/core/names.ts';
import type { Tools } from '../../../lambdas/core/provenance.ts';
import { markerOf, type Reading } from '../../../lambdas/core/records.ts';
import type { Run } from '../../../lambdas/core/run.ts';
import { respond } from '../../../lambdas/core/steps/close.ts';
import { propose } from '../../../lambdas/core/steps/propose.ts';
import { survey } from '../../../lambdas/core/steps/survey.ts';
import { decideOrUndo } from '../../../lambdas/core/steps/undo.ts';
import { verify } from '../../../lambdas/core/steps/verify.ts';
import type { JiraClient } from '../../../lambdas/tools/jira/client.ts';
import type { Mark } from '../../../lambdas/tools/jira/history.ts';
import { jira } from '../../../lambdas/tools/jira/system.ts';
import { anApi, claimsOf } from '../../support/api.ts';
import { AT } from '../../support/builders.ts';
import type { Dynoxide } from '../../support/dynoxide.ts';
import { type Given, givenRun } from '../../support/run.ts';
import { clientOf, type Sandbox } from '../../tools/jira/sandboxed.ts';

export const OPERATOR = claimsOf({ sub: 'op-1', roles: '[operator]', scope: 'writ/operator' });

/** A run, its steps, a Jira and the API, called in the order of the state machines. */
export const aWorld = async (dynoxide: Dynoxide, sandbox: Sandbox, given: Given = {}) => {
  const fields = { summary: 'the vpn drops', issueKey: 'OPS-2', ...given.fields };
  const { issueKey } = fields;
  const run = await givenRun(dynoxide, { ...given, fields });
  const api = anApi(dynoxide);
  const { client } = clientOf(sandbox);
  const readings = dynamoReadings(dynoxide.connection, dynoxide.state);
  const scoped: ActDeps<JiraClient> = {
    claims: dynamoClaims(dynoxide.connection, dynoxide.state, 'jira:write'),
    writes: jira.writes,
    open: async () => client,
    now: () => AT,
  };
  const deps = { ...run.deps };
  const see = (ref: RunRef, call: Reading['call'], action?: number) =>
    read({ readings, scope: 'jira:read', reads: jira.reads, open: async () => client, now: () => AT }, ref, {
      workflow: 'ticket-triage',
      tool: 'jira.get',
      call,
      action,
      input: { issueKey },
      marker: call === 'now' ? markerOf({ run: run.ref.run, action: action ?? 1 }) : undefined,
    });
  const decide = (ref: RunRef, action: number, undoes?: number) =>
    decideOrUndo.run(deps, { ...ref, action, ...(undoes !== undefined && { undoes }) });

  /** The original run, as far as its act; `between` happens before it is read back. */
  const acted = async (between: () => Promise<void> = async () => undefined) => {
    await see(run.ref, 'before');
    await propose.run(deps, { ...run.ref, action: 1 });
    const verdict = await decide(run.ref, 1);
    if (verdict.kind !== 'authorised') throw new Error(`the run was ${verdict.kind}`);
    await act(scoped, run.ref, 1);
    await between();
    await see(run.ref, 'after');
    return verify.run(deps, { ...run.ref, action: 1 });
  };
  const close = () => respond.run(deps, { ...run.ref, outcome: 'completed', rules: [] });

  const ask = (reason = 'it was wrong', id = run.ref.run) =>
    api.call('POST', `/v1/runs/${id}/undo`, { claims: OPERATOR, body: { reason } });
  const view = async (id: string) => (await api.call('GET', `/v1/runs/${id}`, { claims: OPERATOR })).body;
  const audit = async (id: string) => (await api.call('GET', `/v1/runs/${id}/audit`, { claims: OPERATOR })).body;

  /** The operator's undo up to a ruling. */
  const ruled = async (undo: RunRef) => {
    const surveyed = await survey.run(deps, { ...undo, action: 1 });
    if (surveyed.kind === 'refused') return surveyed;
    await see(undo, 'now', 1);
    return decide(undo, 1, 1);
  };
  /** The operator's undo as its machine carries it out. */
  const undo = async (ref: RunRef) => {
    const verdict = await ruled(ref);
    if (verdict.kind === 'authorised') {
      await act(scoped, ref, 1);
      await see(ref, 'after', 1);
      await verify.run(deps, { ...ref, action: 1 });
    }
    await respond.run(deps, { ...ref, outcome: 'reported', rules: [] });
    return (await view(ref.run)).undone;
  };
  const asked = async (): Promise<RunRef> => ({ tenant: run.ref.tenant, run: (await ask()).body.run });
  /** Something of a run becomes otherwise than its steps would make it. */
  const rewrite = async (ref: RunRef, change: (run: Run) => Partial<Run>) => {
    const key = keys.run(ref);
    const item = await run.state.get(key);
    const content = item?.content as Run;
    await run.state.put({ ...item, ...key, content: { ...content, ...change(content) } });
  };
  /** As if the run had made its action twice, the second time under this number. */
  const actedAgain = async (action: number) => {
    for (const [key, about] of [
      [keys.writ, { action }],
      [keys.claim, {}],
    ] as const) {
      const item = await run.state.get(key(run.ref, 'jira:write', 1));
      await run.state.put({
        ...key(run.ref, 'jira:write', action),
        content: { ...(item?.content as object), ...about },
      });
    }
  };
  const components = () => sandbox.issue(issueKey)?.components ?? [];
  /** `undoes`: by an undo of the call with this marker. */
  const jiraSets = (names: readonly string[], { marker = 'other', undoes }: Partial<Mark> = {}) =>
    client.setComponents(issueKey, names, { marker, undoes }, AbortSignal.timeout(5_000));
  return {
    ...run,
    api,
    client,
    scoped,
    see,
    decide,
    acted,
    close,
    ask,
    asked,
    view,
    audit,
    ruled,
    undo,
    components,
    jiraSets,
    rewrite,
    actedAgain,
    /** From now on contracts are these. */
    contract: (tools: Tools) => void Object.assign(deps, { tools }),
    act: (ref: RunRef, action: number) => act(scoped, ref, action),
    reconcile: (ref: RunRef, action: number) => reconcile(scoped, ref, action),
    verify: (ref: RunRef, action: number, call?: 'undone') =>
      verify.run(deps, { ...ref, action, ...(call && { call }) }),
  };
};

/** A run whose action verified, and that is closed: its issue had these components before, and has Network since. */
export const aClosedWorld = async (
  dynoxide: Dynoxide,
  sandbox: Sandbox,
  { before, ...given }: Given & { readonly before: readonly string[] }
) => {
  const world = await aWorld(dynoxide, sandbox, given);
  if (before.length > 0) await world.jiraSets(before);
  expect(await world.acted()).toMatchObject({ kind: 'verified' });
  await world.close();
  return world;
};
