import type * as z from 'zod';
import type { WriteTool } from '../../lambdas/core/tool.ts';
import type { States } from './asl.ts';
import type { Callees } from './callees.ts';
import { type ReadCall, reading } from './read.ts';
import { because, call, caught, OVER, outcome, retry } from './task.ts';

/** How often one writ may be acted upon: again once, where the look-up says that nothing happened. */
const ATTEMPTS = 2;

const RULES = '{% $verdict.rules %}';
const NOT_RUNNING = "{% $append($verdict.rules, ['SCOPE_NOT_RUNNING']) %}";

export interface Governed<
  WI extends z.ZodObject,
  WO extends z.ZodObject,
  RI extends z.ZodObject,
  RO extends z.ZodObject,
> {
  /** The action's number in the run. */
  readonly action: number;
  readonly write: WriteTool<WI, WO>;
  /** Sees the effect afterwards. */
  readonly readBack: ReadCall<RI, RO>;
}

/**
 * Carries one action from proposal to verified effect. `Act` has one way in besides its own repetition: an authorising
 * verdict. What may have happened is never retried: `Reconcile` looks it up, and only where nothing happened is it done
 * again, once. Every act is read back and verified.
 */
export const govern = <WI extends z.ZodObject, WO extends z.ZodObject, RI extends z.ZodObject, RO extends z.ZodObject>(
  { step, scopeOf }: Callees,
  { action, write, readBack }: Governed<WI, WO, RI, RO>
) =>
  ({
    Decide: call(step.decide, { payload: { action }, saveAs: 'verdict', next: 'Ruling' }),
    Ruling: {
      Type: 'Choice',
      Choices: [
        { Condition: "{% $verdict.kind = 'authorised' %}", Assign: { attempt: 1 }, Next: 'Act' },
        { Condition: "{% $verdict.kind = 'recorded' %}", Assign: outcome('recorded', RULES), Next: 'Respond' },
        {
          Condition: "{% $verdict.kind = 'refused' and $verdict.because = 'forbidden' %}",
          Assign: outcome('refused', RULES),
          Next: 'Respond',
        },
        {
          Condition: "{% $verdict.kind = 'refused' and $verdict.because = 'unsure' %}",
          Assign: because('unsure', RULES),
          Next: 'Escalate',
        },
        ...([...OVER, 'stopped'] as const).map((reason) => ({
          Condition: `{% $verdict.kind = 'refused' and $verdict.because = '${reason}' %}`,
          Assign: because(reason, RULES),
          Next: 'Escalate' as const,
        })),
      ],
      Assign: because('refused', RULES),
      Default: 'Escalate',
    },
    Act: call(scopeOf(write), {
      payload: { action, operation: 'act' },
      retry: retry.unchanged,
      otherwise: [
        caught('Terminal', 'Escalate', because('fault', RULES)),
        caught('States.ALL', 'Reconcile'), // crash, time-out, throttle, Uncertain: look it up
      ],
      next: 'ReadBack',
    }),
    Reconcile: call(scopeOf(write), {
      payload: { action, operation: 'reconcile' },
      saveAs: 'found',
      retry: retry.patient,
      otherwise: [
        // nobody runs the function, such as while its concurrency is taken away: whoever takes the run over should know
        caught('Lambda.TooManyRequestsException', 'Escalate', because('in-doubt', NOT_RUNNING)),
        caught('States.ALL', 'Escalate', because('in-doubt', RULES)),
      ],
      next: 'Reconciled',
    }),
    Reconciled: {
      Type: 'Choice',
      Choices: [
        { Condition: "{% $found.kind = 'done' %}", Next: 'ReadBack' },
        {
          Condition: `{% $found.kind = 'not-done' and $attempt < ${ATTEMPTS} %}`,
          Assign: { attempt: '{% $attempt + 1 %}' },
          Next: 'Act',
        },
        { Condition: "{% $found.kind = 'not-done' %}", Assign: because('fault', RULES), Next: 'Escalate' },
      ],
      Assign: because('in-doubt', RULES),
      Default: 'Escalate',
    },
    ReadBack: call(scopeOf(readBack.tool), { payload: reading('after', readBack), next: 'Verify' }),
    Verify: call(step.verify, { payload: { action }, saveAs: 'proof', next: 'Verified' }),
    Verified: {
      Type: 'Choice',
      Choices: [
        {
          Condition: "{% $proof.kind = 'verified' %}",
          Assign: outcome('completed', '{% $proof.rules %}'),
          Next: 'Respond',
        },
      ],
      Assign: because('mismatch', '{% $proof.rules %}'),
      Default: 'Escalate',
    },
  }) as const satisfies States<
    'Decide' | 'Ruling' | 'Act' | 'Reconcile' | 'Reconciled' | 'ReadBack' | 'Verify' | 'Verified',
    'Respond' | 'Escalate'
  >;
