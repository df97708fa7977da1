import type { State, Value, Values } from './asl.ts';
import { because, type Callee, call, caught, retry } from './task.ts';

/** How often one writ may be acted upon: again once, where the look-up says that nothing happened. */
const ATTEMPTS = 2;

const NAMES = ['Act', 'Reconcile', 'Reconciled', 'ReadBack', 'Verify', 'Verified'] as const;
export type CarriedOut<Suffix extends string> = `${(typeof NAMES)[number]}${Suffix}`;

/** Where a way leads, and what it assigns. */
export interface Way<Next extends string> {
  readonly assign?: Values;
  readonly next: Next;
}

export interface CarryOut<Suffix extends string, Next extends string> {
  /** Tells the states of several actions of one machine apart. */
  readonly suffix: Suffix;
  readonly action: number;
  readonly scope: Callee;
  readonly reader: Callee;
  readonly verifier: Callee;
  /** What the read scope's function is told, to see the effect. */
  readonly seeing: Values;
  /** What Verify is told besides the action. */
  readonly verifying?: Values;
  /** What Verify says where the effect is there, and where that leads. */
  readonly confirmed: Way<Next> & { readonly kind: 'verified' | 'undone' };
  readonly mismatch: Way<Next>;
  /** What Escalate is told where it fails: by default that, with the ruling's rules. */
  readonly failing?: (reason: 'fault' | 'in-doubt' | 'not-running' | 'stopped') => Values;
}

const RULES: Value = '{% $verdict.rules %}';
const FAILING = {
  fault: because('fault', RULES),
  'in-doubt': because('in-doubt', RULES),
  'not-running': because('in-doubt', "{% $append($verdict.rules, ['SCOPE_NOT_RUNNING']) %}"),
  stopped: because('stopped', '{% $append($verdict.rules, $found.rules) %}'),
};

/**
 * Carries out what has its writ, to the verified effect. What may have happened is never retried: `Reconcile` looks it up, and only
 * where nothing happened is it done again, once. Every act is read back and verified. `$attempt` counts from 1.
 */
export const carryOut = <Suffix extends string, Next extends string>({
  suffix,
  action,
  scope,
  reader,
  verifier,
  seeing,
  verifying = {},
  confirmed,
  mismatch,
  failing = (reason) => FAILING[reason],
}: CarryOut<Suffix, Next>) => {
  type Own = CarriedOut<Suffix>;
  const own = (name: (typeof NAMES)[number]): Own => `${name}${suffix}`;
  const toPerson = [caught('States.ALL', 'Escalate' as const, failing('fault'))];
  const states: Readonly<Record<string, State<Own | Next | 'Escalate'>>> = {
    [own('Act')]: call<Own>(scope, {
      payload: { action, operation: 'act' },
      retry: retry.unchanged,
      otherwise: [
        caught('Terminal', 'Escalate', failing('fault')),
        caught('States.ALL', own('Reconcile')), // crash, time-out, throttle, Uncertain: look it up
      ],
      next: own('ReadBack'),
    }),
    [own('Reconcile')]: call<Own>(scope, {
      payload: { action, operation: 'reconcile' },
      saveAs: 'found',
      retry: retry.patient,
      otherwise: [
        // nobody runs the function, such as while its concurrency is taken away: whoever takes the run over should know
        caught('Lambda.TooManyRequestsException', 'Escalate', failing('not-running')),
        caught('States.ALL', 'Escalate', failing('in-doubt')),
      ],
      next: own('Reconciled'),
    }),
    [own('Reconciled')]: {
      Type: 'Choice',
      Choices: [
        { Condition: "{% $found.kind = 'done' %}", Next: own('ReadBack') },
        {
          Condition: `{% $found.kind = 'not-done' and $attempt < ${ATTEMPTS} %}`,
          Assign: { attempt: '{% $attempt + 1 %}' },
          Next: own('Act'),
        },
        { Condition: "{% $found.kind = 'not-done' %}", Assign: failing('fault'), Next: 'Escalate' },
        { Condition: "{% $found.kind = 'stopped' %}", Assign: failing('stopped'), Next: 'Escalate' },
      ],
      Assign: failing('in-doubt'),
      Default: 'Escalate',
    },
    [own('ReadBack')]: call<Own>(reader, { payload: seeing, otherwise: toPerson, next: own('Verify') }),
    [own('Verify')]: call<Own>(verifier, {
      payload: { action, ...verifying },
      saveAs: 'proof',
      otherwise: toPerson,
      next: own('Verified'),
    }),
    [own('Verified')]: {
      Type: 'Choice',
      Choices: [
        {
          Condition: `{% $proof.kind = '${confirmed.kind}' %}`,
          ...(confirmed.assign && { Assign: confirmed.assign }),
          Next: confirmed.next,
        },
      ],
      ...(mismatch.assign && { Assign: mismatch.assign }),
      Default: mismatch.next,
    },
  };
  return states as Readonly<Record<Own, State<Own | Next | 'Escalate'>>>;
};
