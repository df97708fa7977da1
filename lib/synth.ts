import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { readConfig } from './config.ts';
import { bundleProject, prepare, ROOT } from './prepare.ts';

export interface SynthOptions {
  /** Where the cloud assembly goes. What is there already is replaced. */
  readonly outdir: string;
  /** CDK context, as `cdk synth -c` gives it. */
  readonly context?: Readonly<Record<string, unknown>>;
}

export interface Synthesised {
  readonly directory: string;
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
  // esbuild works in a process of its own: loading the CDK meanwhile costs no time
  const [{ App }, { addStacks }, { bundles, bundleMs }] = await Promise.all([
    import('aws-cdk-lib/core'),
    import('./app.ts'),
    bundling,
  ]);

  const trainTime = stopwatch();
  const prepared = prepare(config, bundles);
  const trainMs = trainTime();

  const synthTime = stopwatch();
  const app = new App({
    outdir,
    context: all,
    autoSynth: false,
    treeMetadata: false,
    builtinCloudFormationValidation: false,
  });
  addStacks(app, config, prepared);
  const { directory } = app.synth();
  return { directory, bundleMs, trainMs, synthMs: synthTime() };
};
