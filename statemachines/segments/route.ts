import type { States } from './asl.ts';
import type { Callees } from './callees.ts';
import { ask, because, call, outcome } from './task.ts';

/** How often a run asks for what is missing before it is handed to a person. */
const ASKS = 2;
const REPLY_WITHIN_SECONDS = 7 * 86_400;

const RULE = '{% [$routed.rule] %}';

/** An id of the task's input, as Route answered it. */
export const id = (field: string): string => `{% $routed.ids.${field} %}`;

/**
 * Decides on the task's input alone whether the workflow is meant for it. What is missing is asked for, at most twice, and
 * each reply is routed anew. `$routed` keeps the answer, `$round` counts the replies.
 */
export const route = <Next extends string>({ step }: Callees, next: Next) =>
  ({
    Route: call(step.route, { payload: { round: 0 }, saveAs: 'routed', assign: { round: 0 }, next: 'Routed' }),
    Routed: {
      Type: 'Choice',
      Choices: [
        { Condition: "{% $routed.kind = 'eligible' %}", Next: next },
        { Condition: `{% $routed.kind = 'missing' and $round < ${ASKS} %}`, Next: 'Ask' },
        {
          Condition: "{% $routed.kind = 'missing' %}",
          Assign: because('no-reply', RULE),
          Next: 'Escalate',
        },
        {
          Condition: "{% $routed.kind = 'not-eligible' %}",
          Assign: outcome('not-eligible', RULE),
          Next: 'Respond',
        },
        ...(['over-budget', 'stopped'] as const).map((reason) => ({
          Condition: `{% $routed.kind = '${reason}' %}`,
          Assign: because(reason, RULE),
          Next: 'Escalate' as const,
        })),
      ],
      Assign: because('unsure', RULE),
      Default: 'Escalate',
    },
    Ask: ask(step.ask, {
      payload: { round: '{% $round %}', field: '{% $routed.field %}' },
      assign: { round: '{% $round + 1 %}' },
      withinSeconds: REPLY_WITHIN_SECONDS,
      silence: because('no-reply', RULE),
      next: 'RouteAgain',
    }),
    RouteAgain: call(step.route, { payload: { round: '{% $round %}' }, saveAs: 'routed', next: 'Routed' }),
  }) as const satisfies States<'Route' | 'Routed' | 'Ask' | 'RouteAgain', Next | 'Respond' | 'Escalate'>;
