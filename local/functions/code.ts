import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

export interface Code {
  readonly sha256: string;
  readonly bytes: number;
  /** When the latest of its files was written, in milliseconds since the epoch. */
  readonly modifiedAt: number;
}

const known = new Map<string, Code>();

const read = (folder: string): Code => {
  const hash = createHash('sha256');
  let [bytes, modifiedAt] = [0, 0];
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = join(folder, name);
    const stat = statSync(file);
    if (!stat.isFile()) continue;
    const content = readFileSync(file);
    hash.update(`${name}\0${content.length}\0`).update(content);
    bytes += content.length;
    modifiedAt = Math.max(modifiedAt, stat.mtimeMs);
  }
  return { sha256: hash.digest('base64'), bytes, modifiedAt };
};

/** What a function's folder holds, read once: another synthesis makes another folder. The digest is of its files, not of a zip. */
export const codeIn = (folder: string): Code => {
  const code = known.get(folder) ?? read(folder);
  known.set(folder, code);
  return code;
};
