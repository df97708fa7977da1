import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { JiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import type { LocalStack, LocalStackOptions } from '../../local/stack.ts';
import type { DemoUser } from '../connection.ts';
import { Failure, messageOf, usage } from '../failure.ts';
import { type ChosenModel, keySecret } from '../models/environment.ts';
import type { Shell } from '../shell.ts';
import { clean } from '../terminal/sanitise.ts';
import type { Kept } from './issues.ts';
import type { StartParts } from './parts.ts';
import { queuesOf } from './queues.ts';
import { seconds } from './report.ts';
import { DEMO_TENANT, demoUsers, poolUser } from './users.ts';

export const WORKFLOW = 'ticket-triage';

/** The configuration under which the app is synthesised for this machine. */
export const SYNTHESIS = { 'writ:mode': 'autopilot', 'writ:operatorTenant': DEMO_TENANT };

export interface BootOptions extends Pick<LocalStackOptions, 'metered' | 'onExecution'> {
  readonly data: string;
  readonly mode: string;
  /** A JSONL file of `{text, label}`, instead of the workflow's own examples. */
  readonly examples?: string;
  /** A model that is asked where the classifier is not sure. */
  readonly model?: ChosenModel;
  readonly ports: { readonly api?: number; readonly endpoint?: number };
  /** Issues of earlier starts: runs about them may go on as soon as the stack is up. */
  readonly issues: readonly Kept[];
  readonly say: (line: string) => void;
  /** What is being done, until the next thing is said. */
  readonly doing: (what: string) => void;
  /** Told why the stack cannot go on, once it has ended itself. */
  readonly onFailure: (reason: Error) => void;
  /** Called with each thing that must be ended, as soon as it runs. */
  readonly onStarted: (close: () => Promise<void>) => void;
}

export interface Booted {
  readonly stack: LocalStack;
  readonly jira: JiraSandbox;
  readonly queues: readonly string[];
  readonly users: readonly DemoUser[];
}

const credentials = (user: string) => ({ user, token: randomBytes(18).toString('base64url') });

/** What can go wrong here is the user's to mend, or ours: neither is helped by a stack. */
const explained = async <Value>(what: string, work: Promise<Value>): Promise<Value> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof Failure) throw error;
    if (error instanceof Error && error.name === 'ConfigError') throw usage(clean(error.message));
    throw new Failure(`${what}: ${clean(messageOf(error))}`, { cause: error });
  }
};

/** Synthesises the app and runs it on this machine, beside a Jira of its own. */
export const boot = async (shell: Shell, parts: StartParts, options: BootOptions): Promise<Booted> => {
  const { data, mode, examples, model, say, doing, onStarted } = options;
  const { stop, now } = shell;

  doing('synthesising the app');
  const built = await explained(
    'The app could not be synthesised',
    parts.assemble({
      outdir: join(data, 'cdk.out'),
      context: {
        ...SYNTHESIS,
        'writ:mode': mode,
        ...(examples !== undefined && { 'writ:examples': examples }),
        ...(model && { 'writ:models': model.settings }),
      },
    })
  );
  stop.throwIfAborted();
  say(
    model === undefined
      ? 'no model is configured: rules and the classifier answer (WRIT_MODEL=provider:model and its key add one)'
      : `${clean(model.ref)} is asked where the classifier is not sure`
  );
  const queues = await queuesOf(built.directory, WORKFLOW);
  const made = built.synthesised;
  say(
    made === undefined
      ? 'the app is as it was synthesised last'
      : `synthesised the app: bundles ${seconds(made.bundleMs)}, classifier ${seconds(made.trainMs)}, template ${seconds(made.synthMs)}`
  );

  const writer = credentials('writ-writer');
  const reader = credentials('writ-reader');
  const jira = await explained(
    'The Jira sandbox could not be started',
    parts.startJiraSandbox({
      ...writer,
      reader,
      // their queues may be none of this workflow's any more
      components: [...new Set([...queues, ...options.issues.flatMap(({ components }) => components)])],
      issues: options.issues,
    })
  );
  onStarted(() => jira.close());
  stop.throwIfAborted();
  say(`started a Jira sandbox with the queues ${queues.map(clean).join(', ')}`);

  doing('booting the stack');
  const bootedAt = now();
  const users = demoUsers();
  const secret = (access: typeof writer) => JSON.stringify({ baseUrl: jira.url, ...access });
  const stack = await explained(
    'The local stack could not be started',
    parts.startLocalStack({
      assembly: built.directory,
      data,
      ports: options.ports,
      secrets: {
        [`writ/${DEMO_TENANT}/jira/read`]: secret(reader),
        [`writ/${DEMO_TENANT}/jira/write`]: secret(writer),
        ...(model && { [keySecret(DEMO_TENANT, model.provider)]: JSON.stringify(model.key) }),
      },
      users: users.map(poolUser),
      log: (line) => say(clean(line)),
      onFailure: options.onFailure,
      ...(options.metered && { metered: true }),
      ...(options.onExecution && { onExecution: options.onExecution }),
      ...(shell.env.WRIT_DYNAMODB_ENDPOINT && { dynamodb: shell.env.WRIT_DYNAMODB_ENDPOINT }),
    })
  );
  onStarted(() => stack.close());
  stop.throwIfAborted();
  doing('warming its functions');
  await explained('The functions could not be started', stack.warm());
  stop.throwIfAborted();
  say(`booted the stack and warmed its functions in ${seconds(now() - bootedAt)}`);
  say(`ready after ${seconds(now())}`);
  return { stack, jira, queues, users };
};
