import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readConfig } from './config.ts';
import { bundleProject, learn, prepare, ROOT } from './prepare.ts';

export interface SynthOptions {
  /** Where the cloud assembly goes. What is there already is replaced. */
  readonly outdir: string;
  /** CDK context, as `cdk synth -c` gives it. */
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface Synthesised {
  readonly directory: string;
  /** How long each part took. Bundling and training go on at the same time. */
  readonly bundleMs: number;
  readonly trainMs: number;
  readonly synthMs: number;
}

const CdkJson = z.object({ context: z.record(z.string(), z.unknown()) });

/** The feature flags that the CDK's command line would pass on. */
const cdkContext = (): Readonly<Record<string, unknown>> =>
  CdkJson.parse(JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8'))).context;

const stopwatch = (): (() => number) => {
  const start = performance.now();
  return () => performance.now() - start;
};

/**
 * Bundles, trains and synthesises in this process: the same templates as `cdk synth` gives for the same context, without
 * its checks. Throws a `ConfigError` in words for whoever wrote the configuration.
 */
export const synth = async ({ outdir, context = {} }: SynthOptions): Promise<Synthesised> => {
  const all = { ...cdkContext(), ...context };
  const config = readConfig(all);

  const bundleTime = stopwatch();
  const bundling = bundleProject().then((bundles) => ({ bundles, bundleMs: bundleTime() }));
  bundling.catch(() => undefined); // awaited below, unless something else fails before
  // esbuild works in a process of its own: meanwhile this one loads the CDK and trains
  const [{ App }, { addStacks, synthesise }] = await Promise.all([import('aws-cdk-lib/core'), import('./app.ts')]);
  const trainTime = stopwatch();
  const learnt = learn(config);
  const trainMs = trainTime();
  const { bundles, bundleMs } = await bundling;

  const synthTime = stopwatch();
  const app = new App({
    outdir,
    context: all,
    autoSynth: false,
    treeMetadata: false,
    builtinCloudFormationValidation: false,
  });
  addStacks(app, config, prepare(learnt, bundles));
  const directory = synthesise(app);
  return { directory, bundleMs, trainMs, synthMs: synthTime() };
};
