import * as z from 'zod';
import { CONTROL_LEVELS } from '../../core/gate/controls.ts';
import type { Target } from '../../core/tasks/control.ts';
import { auditControl, ControlAudit } from '../../core/tasks/control-audit.ts';
import type { Identity } from '../../core/tasks/identity.ts';
import { type Answer, defineEndpoint, type UseCaseDeps } from '../endpoint.ts';
import { type Problem, problem } from '../problem.ts';

const [, ...NAMED_LEVELS] = CONTROL_LEVELS;

const hash = '4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a';
const example = {
  subject: 'scope:jira:write',
  head: { seq: 0, hash },
  records: [
    {
      step: 'control',
      args_redacted: { stopped: true, stops: 'writes', reason: 'The vendor reports an incident' },
      policy: { decision: 'stopped', rule_ids: [] },
      result: { status: 'stopped' },
      trace_id: 'untraced',
      run_id: 'scope:jira:write',
      seq: 0,
      at: '2030-01-02T03:04:05.000Z',
      user: { id: '00000000-0000-4000-8000-000000000000', tenant: 'platform' },
      release: 'none',
      prev_hash: '0'.repeat(64),
      hash,
    },
  ],
};

const get = {
  method: 'get',
  summary: "See a control's audit.",
  description:
    'Who stopped it and ended the stop, when and why, and where the chain ends: all controls for the operating tenant, for others their own. `fault` says what is wrong with the chain, and is absent where nothing is.',
  roles: ['operator', 'auditor'],
  answer: { status: 200, name: 'ControlAudit', schema: ControlAudit, example },
  problems: ['not-found', 'invalid'],
} as const;

const show = async (deps: UseCaseDeps, identity: Identity, target: Target): Promise<Answer<ControlAudit> | Problem> => {
  const audit = await auditControl(deps, identity, target);
  if (audit === 'forbidden') return problem('forbidden', "Other tenants see their own control's audit only.");
  if (audit === 'unknown') return problem('not-found', 'Nobody has ever set such a control.');
  return { body: audit };
};

export const getGlobalControlAudit = defineEndpoint({
  ...get,
  id: 'getGlobalControlAudit',
  path: '/v1/controls/global/audit',
  request: z.object({}),
  run: (deps, identity) => show(deps, identity, { level: 'global' }),
});

export const getControlAudit = defineEndpoint({
  ...get,
  id: 'getControlAudit',
  path: '/v1/controls/{level}/{name}/audit',
  request: z.object({ params: z.object({ level: z.enum(NAMED_LEVELS), name: z.string() }) }),
  run: (deps, identity, { params }) => show(deps, identity, params),
});
