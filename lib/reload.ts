import { createHash } from 'node:crypto';
import { cpSync, type FSWatcher, globSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { type Bundle, type Bundles, openRebundler } from './bundle.ts';
import { sourceFolders, sourcesOf } from './inputs.ts';

/** What became of a change of the sources. */
export type Reloaded =
  | { readonly kind: 'reloaded'; readonly functions: readonly string[]; readonly ms: number }
  /** The old code stays. */
  | { readonly kind: 'broken'; readonly problem: string }
  /** These are part of what was synthesised: only a start makes anything of them. */
  | { readonly kind: 'restart'; readonly files: readonly string[] };

export interface ReloadOptions {
  /** The project; this one by default. */
  readonly root?: string;
  /** The folder that each function runs from, by the function's name. */
  readonly functions: ReadonlyMap<string, string>;
  /** The folder for what functions run from instead. What is in it is removed. */
  readonly into: string;
  /** Has a function run from another folder. Rejects where it cannot be loaded from there, and changes nothing then. */
  readonly swap: (name: string, folder: string) => Promise<void>;
  readonly tell: (what: Reloaded) => void;
}

const ROOT = join(import.meta.dirname, '..');
/** Editors write in several steps, and people save several files. */
const QUIET_MS = 60;
/** The file of a function that is its bundle; the others are data of the synthesis. */
const CODE = 'index.mjs';

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** The sources of the synthesis itself, as paths below `root`: what they import of the functions' code, too. */
const synthesisSources = async (root: string): Promise<ReadonlySet<string>> => {
  const { metafile } = await build({
    absWorkingDir: root,
    // what lies beside bundles is put there by a synthesis, code or not
    entryPoints: ['lib/synth.ts', 'lib/app.ts', ...globSync('lambdas/models/*.ts', { cwd: root })],
    outdir: 'synthesis', // nothing is written
    write: false,
    metafile: true,
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'silent',
  });
  return new Set(Object.keys(metafile.inputs));
};

/** Where the first error is, and what it says. */
const problemOf = (error: unknown): string => {
  const first = (error as { errors?: readonly { text: string; location?: { file: string; line: number } | null }[] })
    .errors?.[0];
  if (first === undefined) return error instanceof Error ? error.message : String(error);
  return first.location ? `${first.location.file}:${first.location.line}: ${first.text}` : first.text;
};

/** Calls back after changes in any of these folders, once they are over. */
const watchFolders = (root: string, onChange: () => void): { refresh(): void; close(): void } => {
  const watchers = new Map<string, FSWatcher>();
  let timer: NodeJS.Timeout | undefined;
  const soon = (): void => {
    clearTimeout(timer);
    timer = setTimeout(onChange, QUIET_MS);
  };
  const refresh = (): void => {
    for (const folder of ['', ...sourceFolders(root)]) {
      if (watchers.has(folder)) continue;
      const watcher = watch(join(root, folder), soon);
      const drop = (): void => {
        watcher.close();
        watchers.delete(folder);
      };
      watcher.on('error', drop);
      watchers.set(folder, watcher);
    }
  };
  refresh();
  return {
    refresh,
    close: () => {
      clearTimeout(timer);
      for (const watcher of watchers.values()) watcher.close();
    },
  };
};

/**
 * Watches the project's sources. A function whose bundle changes gets a folder with the new one, beside the data that it was
 * synthesised with; a function whose bundle is the same, byte by byte, is left alone.
 */
export const openReload = async ({
  root = ROOT,
  functions,
  into,
  swap,
  tell,
}: ReloadOptions): Promise<{ close(): Promise<void> }> => {
  rmSync(into, { recursive: true, force: true });
  const rebundler = await openRebundler(root);
  const ofSynthesis = await synthesisSources(root);
  const atStart = sourcesOf(root);
  const codeOf = new Map([...functions].map(([name, folder]) => [name, sha256(readFileSync(join(folder, CODE)))]));
  const bundles = await rebundler.bundle();
  let sources = atStart;

  // which functions run a bundle is seen by its bytes
  const byDigest = new Map([...bundles.values()].map(({ digest, name }) => [digest, name]));
  const bundleOf = new Map([...codeOf].map(([name, digest]) => [name, byDigest.get(digest)]));
  const strangers = [...bundleOf].flatMap(([name, bundleName]) => (bundleName === undefined ? name : []));
  if (strangers.length > 0) tell({ kind: 'restart', files: [`the code of ${strangers.join(', ')}`] });

  const give = async (name: string, { code, digest }: Bundle): Promise<void> => {
    const folder = join(into, name, digest.slice(0, 16));
    cpSync(functions.get(name) ?? '', folder, { recursive: true });
    writeFileSync(join(folder, CODE), code);
    await swap(name, folder);
    const former = codeOf.get(name)?.slice(0, 16);
    codeOf.set(name, digest);
    // invocations in flight may still run from the former one
    for (const old of readdirSync(join(into, name)))
      if (old !== former && old !== digest.slice(0, 16))
        rmSync(join(into, name, old), { recursive: true, force: true });
  };

  const reload = async (): Promise<void> => {
    const begun = performance.now();
    let fresh: Bundles;
    try {
      fresh = await rebundler.bundle();
    } catch (error) {
      return tell({ kind: 'broken', problem: problemOf(error) });
    }
    const done: string[] = [];
    const problems: string[] = [];
    const giveFresh = async ([name, bundleName]: readonly [string, string | undefined]): Promise<void> => {
      const bundle = fresh.get(bundleName ?? '');
      if (bundle === undefined || bundle.digest === codeOf.get(name)) return;
      try {
        await give(name, bundle);
        done.push(name);
      } catch (error) {
        problems.push(problemOf(error));
      }
    };
    await Promise.all([...bundleOf].map(giveFresh));
    const [problem, ...more] = problems;
    if (problem !== undefined)
      tell({ kind: 'broken', problem: more.length === 0 ? problem : `${problem} (and ${more.length} more)` });
    if (done.length > 0) tell({ kind: 'reloaded', functions: done, ms: performance.now() - begun });
  };

  const isOfSynthesis = (file: string): boolean => ofSynthesis.has(file) || !file.startsWith('lambdas/');

  const look = async (): Promise<void> => {
    let now: ReadonlyMap<string, string>;
    try {
      now = sourcesOf(root);
      watcher.refresh();
    } catch {
      return; // a file is being replaced: that is a change again
    }
    const former = sources;
    sources = now;
    const changed = [...new Set([...former.keys(), ...now.keys()])].filter(
      (file) => former.get(file) !== now.get(file)
    );
    if (changed.length === 0) return;
    const restart = changed.filter((file) => isOfSynthesis(file) && now.get(file) !== atStart.get(file));
    if (restart.length > 0) tell({ kind: 'restart', files: restart });
    await reload();
  };

  let looking: Promise<void> = Promise.resolve();
  let isClosed = false;
  const lookAgain = (): void => {
    looking = looking.then(() => (isClosed ? undefined : look()));
  };
  const watcher = watchFolders(root, lookAgain);
  lookAgain(); // what changed before it was watched
  return {
    close: async () => {
      isClosed = true;
      watcher.close();
      await looking;
      await rebundler.close();
    },
  };
};
