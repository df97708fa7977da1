import type { ApiDeps } from '../../lambdas/api/app.ts';
import type { Tools } from '../../lambdas/core/provenance.ts';
import { approve } from '../../lambdas/core/steps/approve.ts';
import { decide } from '../../lambdas/core/steps/decide.ts';
import { propose } from '../../lambdas/core/steps/propose.ts';
import { contracts } from '../../lambdas/tools/contracts.ts';
import { anApi } from './api.ts';
import { aRelease } from './builders.ts';
import type { Dynoxide } from './dynoxide.ts';
import { type Given, givenRun } from './run.ts';

const tools: Tools = contracts;

/** The tools, where an assignment cannot be undone. */
export const irreversibly: Tools = Object.fromEntries(
  Object.entries(tools).map(([name, tool]) => [
    name,
    tool.effect === 'read' ? tool : Object.assign({ ...tool }, { undo: 'irreversible' as const }),
  ])
);

/** A clock that a test moves on. */
export const aClock = (start: string) => {
  let at = new Date(start).getTime();
  return {
    now: () => new Date(at),
    pass: (seconds: number) => {
      at += seconds * 1_000;
    },
  };
};
export type Clock = ReturnType<typeof aClock>;

/** What API Gateway hands on of an approver's token, or of somebody else's. */
export const approver = (sub: string, roles = '[approver]', tenant = 'acme') => ({
  sub,
  tenant,
  roles,
  token_use: 'access',
});

/** A run whose action waits for an approval with the token `token-1`, in mode `supervised` unless a release is given. */
export const waitingRun = async (dynoxide: Dynoxide, given: Given = {}, api: Partial<ApiDeps> = {}) => {
  const clock = aClock('2030-01-02T03:04:05.000Z');
  const run = await givenRun(dynoxide, { release: aRelease({ mode: 'supervised' }), now: clock.now, ...given });
  const { deps, ref } = run;
  const { call, executions, deps: apiDeps } = anApi(dynoxide, { now: clock.now, ...api });
  const decided = (round?: number) => decide.run(deps, { ...ref, action: 1, ...(round !== undefined && { round }) });
  const asked = async (token: string, round = 1) => {
    const answer = await approve.run(deps, { ...ref, action: 1, round, token });
    executions.waiting.clear(); // only the newest token is still waited for
    executions.waiting.add(token);
    return answer;
  };
  await propose.run(deps, { ...ref, action: 1 });
  const first = await decided();
  const digest = first.kind === 'approval-needed' ? first.digest : 'none';
  if (first.kind === 'approval-needed') await asked('token-1');

  const say = (decision: string, sub = 'a-1', more: { readonly [name: string]: unknown } = {}, round = 1) => {
    const { roles, tenant, ...body } = more;
    return call('POST', `/v1/approvals/${ref.run}-1-${round}`, {
      claims: approver(
        sub,
        ...(typeof roles === 'string' ? [roles] : ['[approver]']),
        ...(typeof tenant === 'string' ? [tenant] : [])
      ),
      body: { decision, digest, ...body },
    });
  };
  const list = (query = '', claims = approver('a-1')) => call('GET', '/v1/approvals', { claims, query });
  return { ...run, clock, call, executions, apiDeps, decided, asked, first, digest, say, list };
};
