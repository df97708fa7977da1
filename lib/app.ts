import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { App } from 'aws-cdk-lib/core';
import type { Config } from './config.ts';
import type { Prepared } from './prepare.ts';
import { assertAllowlisted } from './proof/allowlist.ts';
import { ApiStack } from './stacks/api.ts';
import { DataStack } from './stacks/data.ts';
import { WorkflowsStack } from './stacks/workflows.ts';

/** Makes all stacks, by life cycle: what is kept, what changes with each release, what callers see. */
export const addStacks = (app: App, config: Config, { workflows, bundles }: Prepared): void => {
  const workspace = mkdtempSync(join(tmpdir(), 'writ-functions-'));
  try {
    const settings = { bundles, workspace, logLevel: config.logLevel };
    const { ledger, archive } = new DataStack(app, 'Writ-Data', { config });
    const workflowsStack = new WorkflowsStack(app, 'Writ-Workflows', { workflows, ledger, archive, settings });
    new ApiStack(app, 'Writ-Api', { config, workflows, workflowsStack, ledger, settings });
  } finally {
    rmSync(workspace, { recursive: true }); // the CDK has taken its own copies into the cloud assembly
  }
};

/** Synthesises; gives the folder of the templates. Throws `NotProven` where a state machine may invoke other functions than it calls. */
export const synthesise = (app: App): string => {
  const { stacks, directory } = app.synth();
  for (const { template } of stacks) assertAllowlisted(template);
  return directory;
};
