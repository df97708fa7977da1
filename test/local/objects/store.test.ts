import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf, type ObjectStore, openObjects } from '../../../local/objects/store.ts';
import type { ObjectVersion } from '../../../local/objects/version.ts';
import { aFolder } from '../assembly.ts';

const content = (text: string): Buffer => Buffer.from(text);
const version = (key: string, id: string, text: string): ObjectVersion => ({
  kind: 'object',
  bucket: 'b',
  key,
  id,
  modifiedAt: 1,
  digest: digestOf(content(text)),
  bytes: text.length,
  etag: '"e"',
  checksum: { algorithm: 'crc32', value: '' },
  headers: {},
  legalHold: false,
});
const put = (store: ObjectStore, key: string, id: string, text: string): Promise<void> =>
  store.change((changes) => changes.put(version(key, id, text), content(text)));
const remove = (store: ObjectStore, key: string, id: string): Promise<void> =>
  store.change(async (changes) => {
    const found = changes.versionsOf('b', key).find((candidate) => candidate.id === id);
    if (found !== undefined) await changes.remove(found);
  });
const contents = (folder: string): readonly string[] => readdirSync(join(folder, 'content')).toSorted();
const idsOf = (store: ObjectStore, key: string): readonly string[] => store.versionsOf('b', key).map(({ id }) => id);

it('keeps versions, the latest first, from one start to the next', async () => {
  const folder = aFolder();
  const first = await openObjects(folder);
  await Promise.all(['1', '2', '3'].map((id) => put(first, 'k', id, `text ${id}`)));
  await remove(first, 'k', '2');
  expect(idsOf(first, 'k')).toEqual(['3', '1']);
  await first.close();
  const second = await openObjects(folder);
  expect(idsOf(second, 'k')).toEqual(['3', '1']);
  expect((await second.read(digestOf(content('text 1')))).toString()).toBe('text 1');
  await second.close();
});

it('replaces a version of the same id where it stands', async () => {
  const store = await openObjects(aFolder());
  for (const id of ['1', '2']) await put(store, 'k', id, id);
  await put(store, 'k', '1', 'other');
  expect(store.versionsOf('b', 'k')).toMatchObject([{ id: '2' }, { id: '1', digest: digestOf(content('other')) }]);
  await store.close();
});

it('has a content once, as long as a version has it, and no longer', async () => {
  const folder = aFolder();
  const store = await openObjects(folder);
  await put(store, 'k', '1', 'same');
  await put(store, 'other', '1', 'same');
  expect(contents(folder)).toEqual([digestOf(content('same'))]);
  await remove(store, 'k', '1');
  expect(contents(folder)).toHaveLength(1);
  await remove(store, 'other', '1');
  expect(contents(folder)).toEqual([]);
  await store.close();
});

it('forgets what a crash left half done: a torn line, a content that nobody was told of', async () => {
  const folder = aFolder();
  const before = await openObjects(folder);
  await put(before, 'k', '1', 'kept');
  await before.close();
  appendFileSync(join(folder, 'objects.journal'), '01234567\t{"kind":"pu');
  writeFileSync(join(folder, 'content', 'a'.repeat(64)), 'lost');
  writeFileSync(join(folder, 'content', `${'b'.repeat(64)}.new`), 'half');
  const after = await openObjects(folder);
  expect(idsOf(after, 'k')).toEqual(['1']);
  expect(contents(folder)).toEqual([digestOf(content('kept'))]);
  await after.close();
});

it('does not grow with what has been removed', async () => {
  const folder = aFolder();
  const store = await openObjects(folder);
  for (let n = 0; n < 20; n += 1) {
    await put(store, 'k', 'null', String(n));
  }
  await store.close();
  await (await openObjects(folder)).close();
  expect(readFileSync(join(folder, 'objects.journal'), 'utf8').trim().split('\n')).toHaveLength(1);
});

const damages: readonly (readonly [string, RegExp, (folder: string) => void])[] = [
  [
    'a line of its journal',
    /objects\.journal:1: .* damaged .* without its objects/,
    (folder) => {
      const file = join(folder, 'objects.journal');
      writeFileSync(file, readFileSync(file, 'utf8').replace('"b"', '"c"'));
    },
  ],
  [
    'a content',
    /is missing, the content of an object/,
    (folder) => rmSync(join(folder, 'content', digestOf(content('1')))),
  ],
];
it.each(damages)('says so where %s is lost', async (_, message, damage) => {
  const folder = aFolder();
  const store = await openObjects(folder);
  for (const id of ['1', '2']) await put(store, 'k', id, id);
  await store.close();
  damage(folder);
  await expect(openObjects(folder)).rejects.toThrow(message);
});

it('does not give out a content that has changed', async () => {
  const folder = aFolder();
  const store = await openObjects(folder);
  await put(store, 'k', '1', 'true');
  const digest = digestOf(content('true'));
  writeFileSync(join(folder, 'content', digest), 'false');
  await expect(store.read(digest)).rejects.toThrow('is damaged');
  await store.close();
});
