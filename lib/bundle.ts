import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { sha256 } from '../lambdas/core/digest.ts';
import { ConfigError } from './config.ts';

/** One entry point as it is deployed. */
export interface Bundle {
  readonly name: string;
  /** `index.mjs`, absolute. */
  readonly file: string;
  readonly digest: string;
  readonly bytes: number;
}
export type Bundles = ReadonlyMap<string, Bundle>;

/** Which files are entry points. A bundle's name is its path below `lambdas`, joined by dashes. */
const ENTRY_POINTS = ['steps/*.ts', 'tools/*/{read,write}.ts', 'api/{http,token}.ts'];

/** CommonJS packages inside a bundle call `require` for Node's own modules; ECMAScript modules have none. */
const BANNER =
  "import{createRequire as createRequireHere}from'node:module';const require=createRequireHere(import.meta.url);";

/**
 * Bundles every entry point under `<root>/lambdas` into `<outdir>/<name>/index.mjs`, in one call. The same sources give the
 * same bytes.
 */
export const bundle = async (root: string, outdir: string): Promise<Bundles> => {
  const lambdas = join(root, 'lambdas');
  const files = globSync(ENTRY_POINTS, { cwd: lambdas }).sort();
  const names = files.map((file) => file.replace(/\.ts$/, '').replaceAll(/[\\/]/g, '-'));
  await build({
    absWorkingDir: root,
    entryPoints: files.map((file, at) => ({ in: join(lambdas, file), out: `${names[at]}/index` })),
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    minify: true,
    treeShaking: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    mainFields: ['module', 'main'],
    banner: { js: BANNER },
    legalComments: 'none',
    logLevel: 'error',
  });
  return new Map(
    names.map((name) => {
      const file = join(outdir, name, 'index.mjs');
      const code = readFileSync(file);
      return [name, { name, file, digest: sha256(code), bytes: code.byteLength }];
    })
  );
};

/** The bundle of an entry point that the app needs. */
export const bundleOf = (bundles: Bundles, name: string): Bundle => {
  const found = bundles.get(name);
  if (found !== undefined && existsSync(found.file)) return found;
  throw new ConfigError(`there is no entry point for ${name}: expected one of lambdas/{${ENTRY_POINTS.join(',')}}`);
};
