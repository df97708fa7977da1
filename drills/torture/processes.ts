import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What a process that is gone in the meantime has. */
const orNothing = <T>(read: () => readonly T[]): readonly T[] => {
  try {
    return read();
  } catch {
    return [];
  }
};

const processIds = (): readonly string[] => readdirSync('/proc').filter((name) => /^\d+$/.test(name));

/** The command lines of processes that name a folder, each with its id. */
export const processesOf = (folder: string): readonly string[] =>
  processIds().flatMap((pid) =>
    orNothing(() => {
      const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return line.includes(folder) ? [`${pid} ${line}`] : [];
    })
  );

/** The files below a folder that any process but this one has open, each with the id of the process. */
export const openFilesOf = (folder: string): readonly string[] =>
  processIds()
    .filter((pid) => pid !== String(process.pid))
    .flatMap((pid) =>
      orNothing(() => readdirSync(`/proc/${pid}/fd`)).flatMap((fd) =>
        orNothing(() => {
          const file = readlinkSync(`/proc/${pid}/fd/${fd}`);
          return file.startsWith(`${folder}/`) ? [`${pid} ${file}`] : [];
        })
      )
    );
