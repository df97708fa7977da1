import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openArchive } from '../../../cli/archive/folder.ts';
import { Failure } from '../../../cli/failure.ts';
import { archiveKey, dayAfter, NO_ROOT, rootOfDay, textOf } from '../../../lambdas/core/audit/anchors.ts';
import { aClosedChain } from '../../support/archive.ts';

const DAY = '2030-01-02';
const { leaf, records } = aClosedChain(`${DAY}T12:00:00.000Z`);

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writ-folder-'));
  await put(archiveKey.root(DAY), textOf([rootOfDay(DAY, [leaf], NO_ROOT)]));
  await put(archiveKey.leaves(DAY), textOf([leaf]));
  await put(archiveKey.chain(DAY, leaf), textOf(records));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const put = async (key: string, text: string): Promise<void> => {
  await mkdir(dirname(join(folder, key)), { recursive: true });
  await writeFile(join(folder, key), text);
};
/** A folder where a file should be, which cannot be read as one: whoever runs this, even root. */
const bar = async (key: string): Promise<void> => {
  await rm(join(folder, key), { recursive: true, force: true });
  await mkdir(join(folder, key), { recursive: true });
};
const fault = (work: Promise<unknown>): Promise<unknown> => work.catch((error: unknown) => error);

describe('a copy of the archive', () => {
  it('has its days, and the copies of its chains', async () => {
    const archive = await openArchive(folder);
    expect(archive.days).toEqual([{ day: DAY, root: rootOfDay(DAY, [leaf], NO_ROOT), leaves: [leaf] }]);
    expect(await archive.faultOf(DAY, leaf)).toBeUndefined();
  });

  it('is without what is not there, and without what is not of its shape', async () => {
    await put(archiveKey.root(DAY), 'no root');
    await rm(join(folder, archiveKey.leaves(DAY)));
    await rm(join(folder, archiveKey.allChains), { recursive: true });
    const archive = await openArchive(folder);
    expect(archive.days).toEqual([{ day: DAY }]);
    expect(await archive.faultOf(DAY, leaf)).toBe('the archive has no copy of it');
  });

  it.each([archiveKey.root(DAY), archiveKey.leaves(DAY)])(
    'does not call %s absent, where it cannot be read',
    async (key) => {
      await bar(key);
      const thrown = await fault(openArchive(folder));
      expect(thrown).toBeInstanceOf(Failure);
      expect((thrown as Failure).message).toContain(`${join(folder, key)} cannot be read, so nothing is known of it`);
      expect((thrown as Failure).message).toContain('EISDIR');
      expect((thrown as Failure).exitCode).toBe(2);
    }
  );

  it('does not call a chain or a folder absent, where it cannot be read', async () => {
    const archive = await openArchive(folder);
    const late = archiveKey.chain(dayAfter(DAY, -1), leaf); // looked for at both places
    await bar(late);
    expect(await fault(archive.faultOf(DAY, leaf))).toBeInstanceOf(Failure);

    await rm(join(folder, 'roots'), { recursive: true });
    await put('roots', 'a file');
    expect(await fault(openArchive(folder))).toMatchObject({ message: expect.stringContaining('ENOTDIR') });
  });
});
