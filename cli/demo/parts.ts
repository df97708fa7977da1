import type { startJiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import type { synth } from '../../lib/synth.ts';
import type { startLocalStack } from '../../local/stack.ts';

/** What `start` puts together: the synthesised app, a machine that runs it, and the system it acts on. */
export interface StartParts {
  readonly synth: typeof synth;
  readonly startLocalStack: typeof startLocalStack;
  readonly startJiraSandbox: typeof startJiraSandbox;
}

/** Loads them. They are large, and only `start` needs them. */
export const loadParts = async (): Promise<StartParts> => {
  const [app, machine, jira] = await Promise.all([
    import('../../lib/synth.ts'),
    import('../../local/stack.ts'),
    import('../../lambdas/tools/jira/sandbox/sandbox.ts'),
  ]);
  return { synth: app.synth, startLocalStack: machine.startLocalStack, startJiraSandbox: jira.startJiraSandbox };
};
