import { globSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BuildOptions, type BuildResult, build, context } from 'esbuild';
import { sha256 } from '../lambdas/core/digest.ts';
import { ConfigError } from './config.ts';

/** One entry point as it is deployed: `index.mjs`. */
export interface Bundle {
  readonly name: string;
  readonly code: Uint8Array;
  readonly digest: string;
}
export type Bundles = ReadonlyMap<string, Bundle>;

/** Which files are entry points. A bundle's name is its path below `lambdas`, joined by dashes. */
const ENTRY_POINTS = ['steps/*.ts', 'tools/*/{read,write}.ts', 'api/{http,token}.ts', 'models/*.ts'];

/** Only names are taken from it: nothing is written. */
const OUTPUT = 'bundles';

/** CommonJS packages inside a bundle call `require` for Node's own modules; ECMAScript modules have none. */
const BANNER =
  "import{createRequire as createRequireHere}from'node:module';const require=createRequireHere(import.meta.url);";

const optionsFor = (root: string) => {
  const lambdas = join(root, 'lambdas');
  const files = globSync(ENTRY_POINTS, { cwd: lambdas }).sort();
  const named = files.map((file) => ({
    in: join(lambdas, file),
    out: file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, '-'),
  }));
  return {
    absWorkingDir: root,
    entryPoints: named,
    outdir: OUTPUT,
    outExtension: { '.js': '.mjs' },
    write: false,
    bundle: true,
    minify: true,
    treeShaking: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    alias: { 'cls-hooked/context': join(lambdas, 'runtime/one-context.ts') }, // see there
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'error',
  } satisfies BuildOptions;
};

const bundlesIn = ({ outputFiles }: BuildResult<{ write: false }>): Bundles =>
  new Map(
    outputFiles.map(({ path, contents }) => {
      const name = basename(path, '.mjs');
      return [name, { name, code: contents, digest: sha256(contents) }];
    })
  );

/**
 * Bundles every entry point under `<root>/lambdas`, in one call and in memory, so that others may do the same at the same
 * time. The same sources give the same bytes.
 */
export const bundle = async (root: string): Promise<Bundles> => bundlesIn(await build(optionsFor(root)));

/** Bundles the same again and again, reading only what has changed. A source that cannot be bundled rejects, and the next may do. */
export interface Rebundler {
  bundle(): Promise<Bundles>;
  close(): Promise<void>;
}

export const openRebundler = async (root: string): Promise<Rebundler> => {
  const kept = await context({ ...optionsFor(root), logLevel: 'silent' });
  return { bundle: async () => bundlesIn(await kept.rebuild()), close: () => kept.dispose() };
};

/** The bundle of an entry point that the app needs. */
export const bundleOf = (bundles: Bundles, name: string): Bundle => {
  const found = bundles.get(name);
  if (found !== undefined) return found;
  throw new ConfigError(`there is no entry point for ${name}: expected one of lambdas/{${ENTRY_POINTS.join(',')}}`);
};
