import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bundle } from './bundle.ts';

/** Files that lie beside a bundle, by name. */
export type Files = Readonly<Record<string, string | Uint8Array>>;

/** Puts a bundle and its data files into a new folder: what a function is deployed from. */
export const assembleFunction = (directory: string, { code }: Bundle, files: Files): string => {
  mkdirSync(directory);
  writeFileSync(join(directory, 'index.mjs'), code);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(directory, name), content);
  return directory;
};
