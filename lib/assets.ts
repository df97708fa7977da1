import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from './bundle.ts';

/** Files that lie beside a bundle, by name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Puts a bundle and its data files into one folder, and nothing else: what a function is deployed from. */
export const assembleFunction = (directory: string, { file }: Bundle, files: Files): string => {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  copyFileSync(file, join(directory, 'index.mjs'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
};
