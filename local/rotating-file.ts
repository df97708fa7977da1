import { type FileHandle, open, rename } from 'node:fs/promises';
import { extname } from 'node:path';

/** A file of lines that does not grow without end. Lines are lost where the disk takes none: nothing waits for them. */
export interface RotatingFile {
  /** Whole lines, each with its end. On disk soon after. */
  write(lines: string): void;
  /** Resolves when everything is on disk. What is written later is lost. */
  close(): Promise<void>;
}

/** Lines that come together are written together. */
const DELAY_MS = 20;
/** What may wait for the disk. */
const MAX_PENDING = 4 * 1024 * 1024;

/** `a.log` → `a.1.log`: where the lines before those in the file are. */
export const formerOf = (path: string): string => {
  const extension = extname(path);
  return `${path.slice(0, path.length - extension.length)}.1${extension}`;
};

/**
 * Appends to a file, for its owner alone. Once it holds `maxBytes` it takes the place of its former one, and a new one begins:
 * both together stay below twice that, and what comes within one write.
 */
export const openRotatingFile = (path: string, maxBytes: number): RotatingFile => {
  let pending = '';
  let timer: NodeJS.Timeout | undefined;
  let writing: Promise<void> = Promise.resolve();
  let handle: FileHandle | undefined;
  let bytes = 0;
  let isClosed = false;

  const openAtEnd = async (): Promise<FileHandle> => {
    const opened = await open(path, 'a', 0o600);
    bytes = (await opened.stat()).size;
    return opened;
  };

  const flush = async (): Promise<void> => {
    const text = pending;
    pending = '';
    if (text === '') return;
    try {
      handle ??= await openAtEnd();
      if (bytes >= maxBytes) {
        await handle.close();
        handle = undefined;
        await rename(path, formerOf(path));
        handle = await openAtEnd();
      }
      bytes += (await handle.write(text)).bytesWritten;
    } catch {
      return; // a full disk, say
    }
  };
  const begin = (): Promise<void> => {
    timer = undefined;
    writing = writing.then(flush);
    return writing;
  };

  return {
    write: (lines) => {
      if (isClosed || pending.length > MAX_PENDING) return;
      pending += lines;
      timer ??= setTimeout(begin, DELAY_MS);
    },
    close: async () => {
      isClosed = true;
      clearTimeout(timer);
      await begin();
      await handle?.close();
      handle = undefined;
    },
  };
};
