import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Everything of the project that a synthesis or a bundle may be made from: more than is read, so that nothing is forgotten. */
const FOLDERS = ['bin', 'lambdas', 'lib', 'statemachines'];
/** Of the packages, what npm says is installed. */
const FILES = ['cdk.json', 'package.json', 'package-lock.json', 'tsconfig.json', 'node_modules/.package-lock.json'];
/** What the CDK, esbuild and Node read of the environment. */
const VARIABLE = /^(?:CDK_|JSII_|ESBUILD_|NODE_OPTIONS$|NODE_PATH$)/;

export type Context = Readonly<Record<string, unknown>>;

const digestOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** The folders in which all sources are. */
export const sourceFolders = (root: string): readonly string[] =>
  FOLDERS.flatMap((folder) => [
    folder,
    ...readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ parentPath, name }) => relative(root, join(parentPath, name))),
  ]);

/** The digest of each source and of what says how they are built, by its path below `root`. Throws where one cannot be read. */
export const sourcesOf = (root: string): ReadonlyMap<string, string> => {
  const sources = FOLDERS.flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map(({ parentPath, name }) => relative(root, join(parentPath, name)))
  );
  return new Map([...sources.sort(), ...FILES].map((file) => [file, digestOf(join(root, file))]));
};

/** The file of examples that a context names, as the configuration is read from it. */
const examplesOf = (context: Context): string | undefined => {
  const { writ, 'writ:examples': own } = context;
  const named = own ?? (typeof writ === 'object' && writ !== null && 'examples' in writ ? writ.examples : undefined);
  return typeof named === 'string' ? named : undefined;
};

const sorted = (values: Context): string => JSON.stringify(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));

/**
 * A digest of everything that a synthesis depends on: sources, data, packages, context, environment, this Node. By content, so
 * that a file which was only touched is the same. Undefined where something cannot be read: the synthesis will say what.
 */
export const fingerprintOf = (
  root: string,
  context: Context,
  environment: Readonly<Record<string, string | undefined>>
): string | undefined => {
  const hash = createHash('sha256').update(JSON.stringify([process.version, process.platform, process.arch, root]));
  const variables = Object.entries(environment).filter(([name]) => VARIABLE.test(name));
  hash.update(sorted(Object.fromEntries(variables))).update(sorted(context));
  try {
    const examples = examplesOf(context);
    hash.update(JSON.stringify([[...sourcesOf(root)], examples && digestOf(examples)]));
  } catch {
    return undefined;
  }
  return hash.digest('hex');
};
