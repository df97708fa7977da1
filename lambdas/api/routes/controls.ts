import * as z from 'zod';
import { CONTROL_LEVELS } from '../../core/gate/controls.ts';
import { Control, Executing } from '../../core/records.ts';
import { ControlChange, listControls, setControl, type Target } from '../../core/tasks/control.ts';
import type { Identity } from '../../core/tasks/identity.ts';
import { type Answer, defineEndpoint, type UseCaseDeps } from '../endpoint.ts';
import { invalid, type Problem, problem } from '../problem.ts';

const description =
  'Once a stop is answered, no writ is issued in its scope and no claim begins, until it is ended or, with `until`, ends by itself, a minute later than that so that no clock cuts it short. With `stops` as `everything`, no task is accepted besides, no reading before an action begins and no engine is asked: each looks before it begins, so one that had looked just before may still finish. What has happened is still read back, verified and looked up. What had begun before goes on: the answer lists it in `executing`, as found one second after the stop was in force. Without `mode` a tenant keeps its mode. A stop may be set again; after a fault it must be. The last word holds, also where it stops less: `replaced` is the stop that was in force before. A workflow or a scope that is not deployed here may be stopped too, since runs of a release before may still have it; the answer then says `deployed: false`, and in `deployedInstead` which are: see that the name is not mistyped. Operators of the operating tenant may set every control, others the one of their own tenant.';

const [, ...NAMED_LEVELS] = CONTROL_LEVELS;

const ControlAnswer = Control.extend({
  replaced: Control.optional(),
  executing: z.array(Executing).readonly().optional(),
  deployed: z.literal(false).optional().describe('No workflow, or scope, of this name is deployed here.'),
  deployedInstead: z.array(z.string()).readonly().optional().describe('Those that are.'),
});
const ListedControl = Control.extend({
  expired: z.boolean().optional().describe('The stop has ended by itself: it holds no longer.'),
});
type ControlAnswer = z.infer<typeof ControlAnswer>;

const put = {
  method: 'put',
  summary: 'Stop or resume.',
  description,
  roles: ['operator'],
  answer: {
    status: 200,
    name: 'Control',
    schema: ControlAnswer,
    example: {
      subject: 'scope:jira:write',
      stopped: true,
      stops: 'everything',
      until: '2030-01-02T05:04:05.000Z',
      reason: 'The vendor reports an incident',
      by: '00000000-0000-4000-8000-000000000000',
      at: '2030-01-02T03:04:05.000Z',
      executing: [
        {
          tenant: 'acme',
          run: 'abcdefghijklmnopqrstuvwxyz',
          workflow: 'ticket-triage',
          scope: 'jira:write',
          action: 1,
          since: '2030-01-02T03:04:04.000Z',
          leaseUntil: '2030-01-02T03:04:24.000Z',
        },
      ],
    },
    more: {
      'not deployed': {
        subject: 'workflow:ticket-traige',
        stopped: true,
        stops: 'writes',
        reason: 'The vendor reports an incident',
        by: '00000000-0000-4000-8000-000000000000',
        at: '2030-01-02T03:04:05.000Z',
        executing: [],
        deployed: false,
        deployedInstead: ['ticket-triage'],
      },
    },
  },
  problems: ['malformed', 'not-found', 'conflict', 'body-too-large', 'unsupported-media-type', 'invalid'],
} as const;

const requestExample = {
  stopped: true,
  stops: 'writes' as const,
  until: '2030-01-02T05:04:05.000Z',
  reason: 'The vendor reports an incident',
};

const set = async (
  deps: UseCaseDeps,
  identity: Identity,
  target: Target,
  change: ControlChange
): Promise<Answer<ControlAnswer> | Problem> => {
  const setting = await setControl(deps, identity, target, change);
  switch (setting.kind) {
    case 'set':
      return {
        body: {
          ...setting.control,
          ...(setting.replaced && { replaced: setting.replaced }),
          ...(setting.executing && { executing: setting.executing }),
          ...(setting.deployedInstead && { deployed: false, deployedInstead: setting.deployedInstead }),
        },
      };
    case 'forbidden':
      return problem('forbidden', "Operators of a tenant may set that tenant's control only.");
    case 'invalid':
      return invalid(setting.errors);
    case 'overtaken':
      return problem('conflict', 'Somebody else set this control meanwhile: see how it stands, then decide again.');
  }
};

export const listAllControls = defineEndpoint({
  id: 'listControls',
  method: 'get',
  path: '/v1/controls',
  summary: 'See what is stopped, and the modes of tenants.',
  description:
    'Every control that was ever set, with who said what last, and why: all for the operating tenant, for others their own. A control may appear a moment after it was set for the first time; how it stands is always up to date.',
  roles: ['operator', 'auditor'],
  request: z.object({}),
  answer: {
    status: 200,
    name: 'ControlList',
    schema: z.strictObject({ controls: z.array(ListedControl).readonly() }),
    example: {
      controls: [
        {
          subject: 'tenant:acme',
          stopped: false,
          mode: 'shadow',
          reason: 'Two weeks to look on',
          by: '00000000-0000-4000-8000-000000000000',
          at: '2030-01-02T03:04:05.000Z',
        },
      ],
    },
  },
  problems: [],
  run: async (deps, identity) => ({ body: { controls: await listControls(deps, identity) } }),
});

export const setGlobalControl = defineEndpoint({
  ...put,
  id: 'setGlobalControl',
  path: '/v1/controls/global',
  request: z.object({ body: ControlChange }),
  requestExample,
  run: (deps, identity, { body }) => set(deps, identity, { level: 'global' }, body),
});

export const setNamedControl = defineEndpoint({
  ...put,
  id: 'setControl',
  path: '/v1/controls/{level}/{name}',
  request: z.object({
    params: z.object({ level: z.enum(NAMED_LEVELS), name: z.string() }),
    body: ControlChange,
  }),
  requestExample,
  run: (deps, identity, { params, body }) => set(deps, identity, params, body),
});
