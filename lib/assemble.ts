import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Context, fingerprintOf } from './inputs.ts';
import { isKept, replaceAssembly } from './kept-assembly.ts';
import type { Synthesised, SynthOptions } from './synth.ts';

const ROOT = join(import.meta.dirname, '..');

export interface Assembled {
  readonly directory: string;
  /** How long each part took; absent where nothing has changed since the assembly that is there was made. */
  readonly synthesised?: Omit<Synthesised, 'directory'>;
}

/** The context of `cdk.json` with this one: only the examples that it may name are of interest. */
const wholeContext = (context: Context): Context => {
  try {
    return { ...JSON.parse(readFileSync(join(ROOT, 'cdk.json'), 'utf8')).context, ...context };
  } catch {
    return context; // the synthesis says what is wrong with it
  }
};

/**
 * The app's cloud assembly: the one that is there, if it is whole and nothing that it was made from has changed; else a new one,
 * for which alone the CDK is loaded. Throws a `ConfigError` in words for whoever wrote the configuration.
 */
export const assemble = async ({ outdir, context = {} }: SynthOptions): Promise<Assembled> => {
  const directory = resolve(outdir);
  const fingerprint = (): string | undefined => fingerprintOf(ROOT, wholeContext(context), process.env);
  const current = fingerprint();
  if (current !== undefined && isKept(directory, current)) return { directory };
  const { synth } = await import('./synth.ts');
  const { directory: _, ...synthesised } = await replaceAssembly(directory, fingerprint, (draft) =>
    synth({ outdir: draft, context })
  );
  return { directory, synthesised };
};
