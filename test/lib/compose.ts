import { App } from 'aws-cdk-lib/core';
import { addStacks, synthesise } from '../../lib/app.ts';
import type { Bundles } from '../../lib/bundle.ts';
import { readConfig } from '../../lib/config.ts';
import { learn, prepare } from '../../lib/prepare.ts';

/** Synthesises from bundles that are there already, without the checks. */
export const compose = (bundles: Bundles, outdir: string, context: Readonly<Record<string, unknown>>): string => {
  const config = readConfig(context);
  const app = new App({ outdir, treeMetadata: false, autoSynth: false, builtinCloudFormationValidation: false });
  addStacks(app, config, prepare(learn(config), bundles));
  return synthesise(app);
};
