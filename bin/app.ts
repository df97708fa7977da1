import { App } from 'aws-cdk-lib/core';
import { addStacks, synthesise } from '../lib/app.ts';
import { addChecks } from '../lib/checks.ts';
import { ConfigError, readConfig } from '../lib/config.ts';
import { bundleProject, learn, prepare } from '../lib/prepare.ts';
import { NotProven } from '../lib/proof/prove.ts';

try {
  const app = new App();
  const config = readConfig(app.node.getAllContext());
  addStacks(app, config, prepare(learn(config), await bundleProject()));
  addChecks(app);
  synthesise(app);
} catch (error) {
  if (!(error instanceof ConfigError || error instanceof NotProven)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
