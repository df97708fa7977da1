import type { startJiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import type { assemble } from '../../lib/assemble.ts';
import type { openReload } from '../../lib/reload.ts';
import type { startLocalStack } from '../../local/stack.ts';

/** What `start` puts together: the synthesised app, a machine that runs it, and the system it acts on. */
export interface StartParts {
  readonly assemble: typeof assemble;
  readonly openReload: typeof openReload;
  readonly startLocalStack: typeof startLocalStack;
  readonly startJiraSandbox: typeof startJiraSandbox;
}

/** Loads them. They are large, and only `start` needs them. */
export const loadParts = async (): Promise<StartParts> => {
  const [app, machine, jira] = await Promise.all([
    import('../../lib/assemble.ts'),
    import('../../local/stack.ts'),
    import('../../lambdas/tools/jira/sandbox/sandbox.ts'),
  ]);
  return {
    assemble: app.assemble,
    // esbuild, which a start without changes has no use for
    openReload: async (options) => (await import('../../lib/reload.ts')).openReload(options),
    startLocalStack: machine.startLocalStack,
    startJiraSandbox: jira.startJiraSandbox,
  };
};
