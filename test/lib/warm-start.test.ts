import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Context, fingerprintOf } from '../../lib/inputs.ts';
import { isKept, replaceAssembly } from '../../lib/kept-assembly.ts';

const INPUTS = [
  'bin/app.ts',
  'lambdas/steps/route.ts',
  'lambdas/core/deep/er/policy.ts',
  'lib/app.ts',
  'statemachines/triage/workflow.ts',
  'statemachines/triage/examples.jsonl',
  'cdk.json',
  'package.json',
  'package-lock.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
];

const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-warm-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
};

const write = (root: string, file: string, content: string): void => {
  mkdirSync(join(root, file, '..'), { recursive: true });
  writeFileSync(join(root, file), content);
};

const aProject = (): string => {
  const root = aFolder();
  for (const file of INPUTS) write(root, file, `content of ${file}`);
  return root;
};

interface Changed {
  readonly context?: Context;
  readonly environment?: Readonly<Record<string, string>>;
}

describe('the fingerprint of a synthesis', () => {
  const CONTEXT = { 'writ:mode': 'shadow', '@aws-cdk/flag': true };
  const of = (root: string, { context = {}, environment = {} }: Changed = {}) =>
    fingerprintOf(root, { ...CONTEXT, ...context }, { HOME: '/home/a', ...environment });

  it.each(INPUTS)('is another one when %s changes, and the same when that is undone', (file) => {
    const root = aProject();
    const before = of(root);
    const content = readFileSync(join(root, file));
    writeFileSync(join(root, file), 'changed');
    expect(of(root)).not.toBe(before);
    writeFileSync(join(root, file), content);
    expect(of(root)).toBe(before);
  });

  it.each<[string, (root: string) => Changed | undefined]>([
    ['a new source', (root) => void write(root, 'lambdas/steps/new.ts', '')],
    ['a source that is gone', (root) => rmSync(join(root, 'lambdas/steps/route.ts')) as undefined],
    [
      'a source with another name',
      (root) => renameSync(join(root, 'lib/app.ts'), join(root, 'lib/apt.ts')) as undefined,
    ],
    ['another mode', () => ({ context: { 'writ:mode': 'autopilot' } })],
    ['one more key of the context', () => ({ context: { 'writ:logLevel': 'DEBUG' } })],
    ['a variable that the CDK reads', () => ({ environment: { CDK_DEFAULT_REGION: 'eu-west-1' } })],
  ])('is another one with %s', (_, change) => {
    const root = aProject();
    const before = of(root);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(of(root, change(root))).not.toBe(before);
  });

  it.each([
    ['writ:examples', (file: string): Context => ({ 'writ:examples': file })],
    ['writ', (file: string): Context => ({ writ: { examples: file } })],
  ])('is another one when the examples change that %s names', (_, contextOf) => {
    const [root, file] = [aProject(), join(aFolder(), 'examples.jsonl')];
    const context = contextOf(file);
    expect(of(root, { context })).toBeUndefined(); // they cannot be read
    writeFileSync(file, 'one');
    const before = of(root, { context });
    writeFileSync(file, 'two');
    expect(of(root, { context })).not.toBe(before);
  });

  it('is the same when files are touched, the context has another order, and others change', () => {
    const root = aProject();
    const before = of(root);
    utimesSync(join(root, 'lambdas/steps/route.ts'), 1, 1);
    write(root, 'docs/page.md', 'others');
    const reversed = Object.fromEntries(Object.entries(CONTEXT).reverse());
    expect(fingerprintOf(root, reversed, { HOME: '/home/b' })).toBe(before);
  });

  it('is none where something cannot be read', () => {
    const root = aProject();
    rmSync(join(root, 'package-lock.json'));
    expect(of(root)).toBeUndefined();
  });
});

describe('an assembly that is kept', () => {
  const made = async (fingerprint: () => string | undefined = () => 'one'): Promise<string> => {
    const directory = join(aFolder(), 'cdk.out');
    await replaceAssembly(directory, fingerprint, async (folder) => {
      write(folder, 'manifest.json', '{}');
      write(folder, 'asset.1/index.mjs', 'code');
    });
    return directory;
  };

  it('is used again for the same fingerprint, and for no other', async () => {
    const directory = await made();
    expect([isKept(directory, 'one'), isKept(directory, 'two')]).toEqual([true, false]);
  });

  it.each<[string, (directory: string) => void]>([
    ['a file of it is shorter', (directory) => write(directory, 'asset.1/index.mjs', 'co')],
    ['a file of it is missing', (directory) => rmSync(join(directory, 'asset.1/index.mjs'))],
    ['there is one more file', (directory) => write(directory, 'asset.1/more.mjs', '')],
    ['it is missing', (directory) => rmSync(directory, { recursive: true })],
    ['its seal is missing', (directory) => rmSync(`${directory}.json`)],
    ['its seal is half written', (directory) => writeFileSync(`${directory}.json`, '{"fingerprint":"one"')],
  ])('is not used when %s', async (_, spoil) => {
    const directory = await made();
    spoil(directory);
    expect(isKept(directory, 'one')).toBe(false);
  });

  it('is left as it was by a synthesis that fails or is killed, and what that left is no part of the next', async () => {
    const directory = await made();
    const failing = replaceAssembly(
      directory,
      () => 'two',
      async (folder) => {
        write(folder, 'half.json', '');
        throw new Error('out of order');
      }
    );
    await expect(failing).rejects.toThrow('out of order');
    expect([isKept(directory, 'one'), isKept(directory, 'two')]).toEqual([true, false]);
    await replaceAssembly(
      directory,
      () => 'two',
      async (folder) => write(folder, 'manifest.json', '{}')
    );
    expect([isKept(directory, 'one'), isKept(directory, 'two')]).toEqual([false, true]);
    expect(() => readFileSync(join(directory, 'half.json'))).toThrow('ENOENT');
  });

  it('is not kept where a source changed while it was made', async () => {
    let changes = 0;
    const directory = await made(() => {
      changes += 1;
      return `state ${changes}`;
    });
    expect([isKept(directory, 'state 1'), isKept(directory, 'state 2')]).toEqual([false, false]);
    expect(readFileSync(join(directory, 'manifest.json'), 'utf8')).toBe('{}');
  });
});
