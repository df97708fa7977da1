import * as z from 'zod';
import { Head } from '../../core/audit/record.ts';
import { Uncertain } from '../../core/errors.ts';
import { CONTROL_LEVELS } from '../../core/gate/controls.ts';
import { Control, Executing, Held } from '../../core/records.ts';
import { ControlChange, setControl, type Target } from '../../core/tasks/control.ts';
import type { Identity } from '../../core/tasks/identity.ts';
import { listControls } from '../../core/tasks/list-controls.ts';
import { type Answer, defineEndpoint, Unrepeatable, type UseCaseDeps } from '../endpoint.ts';
import { invalid, type Problem, problem } from '../problem.ts';

const description =
  'Once a stop is answered, no writ is issued in its scope and no claim begins, until it is ended or, with `until`, ends by itself, a minute later than that so that no clock cuts it short. With `stops` as `everything`, no task is accepted besides, no reading before an action begins and no engine is asked: each looks before it begins, so one that had looked just before may still finish. What has happened is still read back, verified and looked up. What had begun before goes on: the answer lists it in `executing`, as found one second after the stop was in force. Without `mode` a tenant keeps its mode. A stop may be set again; after a fault it must be. The last word holds, also where it stops less: `replaced` is the stop that was in force before. A change that relaxes, sent again, would end or weaken whatever was set since. So let `expects` be `head.hash` as `GET /v1/controls` shows it, or 64 zeros where nobody ever set the control: what ends a stop is then made of just that, and a stop that is for less than another replaces that one alone; otherwise it is a conflict and nothing is changed. The same request may then be sent again after a fault or a lost answer. A stop that weakens none is set whatever it expects. A workflow or a scope that is not deployed here may be stopped too, since runs of a release before may still have it; the answer then says `deployed: false`, and in `deployedInstead` which are: see that the name is not mistyped. Operators of the operating tenant may set every control, others the one of their own tenant. What the operating tenant said of a tenant (`held` in the list), its stop and the mode it named last, only its own operators end, weaken or loosen; the tenant may stop more.';

const [, ...NAMED_LEVELS] = CONTROL_LEVELS;

const ControlAnswer = Control.extend({
  head: Head.describe('Where the audit of the control ends: what a later change may expect.'),
  replaced: Control.optional(),
  executing: z.array(Executing).readonly().optional(),
  deployed: z.literal(false).optional().describe('No workflow, or scope, of this name is deployed here.'),
  deployedInstead: z.array(z.string()).readonly().optional().describe('Those that are.'),
});
const ListedControl = Control.extend({
  head: Head.describe('Where the audit of the control ends: what a change may expect.'),
  held: Held.optional().describe('What the operating tenant said: only its operators end, weaken or loosen it.'),
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
      head: { seq: 2, hash: 'c'.repeat(64) },
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
        head: { seq: 0, hash: 'c'.repeat(64) },
        executing: [],
        deployed: false,
        deployedInstead: ['ticket-triage'],
      },
    },
  },
  problems: [
    'malformed',
    'not-found',
    'conflict',
    'body-too-large',
    'unsupported-media-type',
    'invalid',
    'outcome-unknown',
  ],
} as const;

const requestExample = {
  stopped: true,
  stops: 'writes' as const,
  until: '2030-01-02T05:04:05.000Z',
  reason: 'The vendor reports an incident',
};

const LOOK_FIRST =
  'This may have been done, wholly or in part. See how the control stands, at GET /v1/controls, before you send it again: somebody may have stopped it since. With `expects` the same request may be sent again.';

/** How a control stands, for whoever was too late; without who said so, and why. */
const standing = (control: Control | undefined): string => {
  if (control === undefined) return 'nobody has set it yet';
  const { stopped, stops = 'writes', until, at } = control;
  const end = until === undefined ? '' : ` until ${until}`;
  return stopped ? `it is stopped for ${stops}${end}, as set at ${at}` : `it is not stopped, as set at ${at}`;
};

const set = async (
  deps: UseCaseDeps,
  identity: Identity,
  target: Target,
  change: ControlChange
): Promise<Answer<ControlAnswer> | Problem> => {
  const setting = await setControl(deps, identity, target, change).catch((error: unknown) => {
    throw error instanceof Uncertain ? new Unrepeatable(LOOK_FIRST, error) : error;
  });
  switch (setting.kind) {
    case 'set':
      return {
        body: {
          ...setting.control,
          head: setting.head,
          ...(setting.replaced && { replaced: setting.replaced }),
          ...(setting.executing && { executing: setting.executing }),
          ...(setting.deployedInstead && { deployed: false, deployedInstead: setting.deployedInstead }),
        },
      };
    case 'forbidden':
      return problem('forbidden', "Operators of a tenant may set that tenant's control only.");
    case 'held':
      return problem(
        'forbidden',
        'The operating tenant stopped this tenant, or set its mode: only operators of the operating tenant may end, weaken or loosen that. You may stop more.'
      );
    case 'invalid':
      return invalid(setting.errors);
    case 'overtaken':
      return problem(
        'conflict',
        `Somebody else set this control meanwhile, so this was not done: now ${standing(setting.stands)}. See how it stands, then decide again.`
      );
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
          head: { seq: 2, hash: 'c'.repeat(64) },
          held: { stopped: false, mode: 'shadow' },
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
