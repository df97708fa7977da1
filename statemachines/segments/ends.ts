import type { States } from './asl.ts';
import type { Callees } from './callees.ts';
import { because, caught, finish, retry } from './task.ts';

/** Closes a run whose outcome is known: `$outcome`, by `$rules`. */
export const respond = ({ step }: Callees) =>
  ({
    Respond: finish(step.respond, {
      payload: { outcome: '{% $outcome %}', rules: '{% $rules %}' },
      otherwise: [caught('States.ALL', 'Escalate', because('fault'))],
    }),
  }) satisfies States<'Respond', 'Escalate'>;

/** Hands a run to people: `$because`, by `$rules`. Fails where that cannot be recorded: then the reaper does it. */
export const escalate = ({ step }: Callees) =>
  ({
    Escalate: finish(step.escalate, {
      payload: { because: '{% $because %}', rules: '{% $rules %}' },
      retry: retry.stubborn,
    }),
  }) satisfies States<'Escalate', 'Escalate'>;
