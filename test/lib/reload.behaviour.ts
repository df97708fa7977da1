import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { bundle } from '../../lib/bundle.ts';
import { openReload, type Reloaded } from '../../lib/reload.ts';
import { type LocalStack, startLocalStack } from '../../local/stack.ts';
import { anAssembly, lambda, role } from '../local/assembly.ts';
import { SIGNED } from '../local/calls.ts';
import { hasDynoxide } from '../support/dynoxide.ts';

const SHARED = `export const greet = (name: string): string => 'hello ' + name;\n`;
const step = (answer: string): string =>
  `import { greet } from '../core/greet.ts';
   import { existsSync } from 'node:fs';
   import { setTimeout } from 'node:timers/promises';
   export const handler = async ({ hold = '' }: { hold?: string }) => {
     while (existsSync(hold)) await setTimeout(5);
     return { answer: ${answer}, pid: process.pid };
   };\n`;

/** A project of two functions, as small as one can be. */
const SOURCES: Readonly<Record<string, string>> = {
  'bin/app.ts': '',
  'lambdas/core/greet.ts': SHARED,
  'lambdas/core/names.ts': `export const ONE = 'one';\n`,
  'lambdas/steps/one.ts': step(`greet('one')`),
  'lambdas/steps/two.ts': step(`'two'`).replace(/^import.*\n/, ''),
  'lib/synth.ts': `import '../lambdas/core/names.ts';\n`,
  'lib/app.ts': '',
  'statemachines/flow/workflow.ts': '',
  'statemachines/flow/prompts/queue.md': 'Old words.',
  'cdk.json': '{}',
  'package.json': '{}',
  'package-lock.json': '{}',
  'tsconfig.json': '{}',
  'node_modules/.package-lock.json': '{}',
};

describe.skipIf(!hasDynoxide)('a change of the sources', () => {
  const root = mkdtempSync(join(tmpdir(), 'writ-reload-'));
  const told: Reloaded[] = [];
  let stack: LocalStack;
  let reload: { close(): Promise<void> };

  const write = (file: string, content: string): void => {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), content);
  };
  const call = async (name: string, event: object = {}): Promise<{ answer: string; pid: number }> => {
    const response = await fetch(`${stack.endpointUrl}/2015-03-31/functions/${name}/invocations`, {
      method: 'POST',
      headers: { authorization: SIGNED },
      body: JSON.stringify(event),
    });
    return (await response.json()) as { answer: string; pid: number };
  };
  /** What was told, once there is something of this kind. */
  const hear = async (kind: Reloaded['kind']): Promise<Reloaded> =>
    vi.waitUntil(() => told.find((what) => what.kind === kind), { timeout: 10_000, interval: 10 });

  beforeAll(async () => {
    for (const [file, content] of Object.entries(SOURCES)) write(file, content);
    const bundles = [...(await bundle(root)).values()];
    const code = Object.fromEntries(bundles.map((it) => [it.name, Buffer.from(it.code).toString()]));
    const functions = Object.keys(code).map((name) => [name.replace(/\W/g, ''), lambda(name)]);
    const assembly = anAssembly(
      { App: { Resources: { Role: role('lambda.amazonaws.com'), ...Object.fromEntries(functions) } } },
      code
    );
    stack = await startLocalStack({
      assembly,
      data: join(root, 'data'),
      ports: { endpoint: 0, api: 0 },
      secrets: {},
      users: [],
      log: () => {},
    });
    await stack.warm();
  });
  beforeEach(async () => {
    for (const [file, content] of Object.entries(SOURCES)) write(file, content);
    for (const [name, folder] of stack.folders()) await stack.reload(name, folder);
    told.length = 0;
    reload = await openReload({
      root,
      functions: stack.folders(),
      into: join(root, 'data', 'reloaded'),
      swap: stack.reload,
      tell: (what) => told.push(what),
    });
  });
  afterEach(() => reload.close());
  afterAll(async () => {
    await stack?.close();
    rmSync(root, { recursive: true, force: true });
  });

  it('of one function reloads that one alone, and drops no call in flight', async () => {
    const before = { one: await call('steps-one'), two: await call('steps-two') };
    write('data/hold', '');
    const inFlight = call('steps-one', { hold: join(root, 'data/hold') });
    await vi.waitUntil(() => stack.counters().invocations['steps-one'] === 2, { timeout: 10_000 });
    write('lambdas/steps/one.ts', step(`greet('another one')`));
    expect(await hear('reloaded')).toMatchObject({ functions: ['steps-one'] });
    const after = { one: await call('steps-one'), two: await call('steps-two') };
    expect(after.one.answer).toBe('hello another one');
    expect(after.one.pid).not.toBe(before.one.pid);
    expect(after.two).toEqual(before.two);
    rmSync(join(root, 'data/hold'));
    expect(await inFlight).toEqual(before.one);
    expect(told).toHaveLength(1);
  });

  it('that changes no bundle reloads nothing', async () => {
    write('lambdas/steps/two.ts', `// a comment\n${SOURCES['lambdas/steps/two.ts']}`);
    write('lambdas/steps/one.ts', step(`greet('marker')`));
    await hear('reloaded');
    expect(told).toMatchObject([{ kind: 'reloaded', functions: ['steps-one'] }]);
  });

  it('that cannot be built says where it is wrong, and the next one is taken', async () => {
    const before = await call('steps-two');
    write('lambdas/steps/two.ts', 'export const handler = async () => ({;\n');
    expect(await hear('broken')).toEqual({
      kind: 'broken',
      problem: 'lambdas/steps/two.ts:1: Expected identifier but found ";"',
    });
    expect(await call('steps-two')).toEqual(before);
    write('lambdas/steps/two.ts', step(`'mended'`).replace(/^import.*\n/, ''));
    await hear('reloaded');
    expect((await call('steps-two')).answer).toBe('mended');
  });

  it('that cannot be loaded says so, and the old code stays up', async () => {
    const before = await call('steps-two');
    write('lambdas/steps/two.ts', `throw new RangeError('at the start');\nexport const handler = async () => ({});\n`);
    const problem = 'function steps-two cannot be loaded: RangeError: at the start';
    expect(await hear('broken')).toEqual({ kind: 'broken', problem });
    expect(await call('steps-two')).toEqual(before);
  });

  it.each([
    'lib/app.ts',
    'statemachines/flow/workflow.ts',
    'statemachines/flow/prompts/queue.md',
    'lambdas/core/names.ts',
    'cdk.json',
  ])('of %s, which is a part of the synthesis, asks for a restart', async (file) => {
    write(file, file.endsWith('.json') ? '{"a":1}' : 'export const OTHER = 1;\n');
    expect(await hear('restart')).toEqual({ kind: 'restart', files: [file] });
    expect(told).toHaveLength(1);
  });

  it('of shared code reloads every function that it changes', async () => {
    write('lambdas/core/greet.ts', SHARED.replace('hello', 'good morning'));
    expect(await hear('reloaded')).toMatchObject({ functions: ['steps-one'] });
    expect((await call('steps-one')).answer).toBe('good morning one');
  });

  it('keeps few of the folders that functions ran from', async () => {
    for (const n of [1, 2, 3, 4]) {
      told.length = 0;
      write('lambdas/steps/one.ts', step(`greet('${n}')`));
      await hear('reloaded');
      expect((await call('steps-one')).answer).toBe(`hello ${n}`);
    }
    expect(readdirSync(join(root, 'data', 'reloaded', 'steps-one')).length).toBeLessThanOrEqual(2);
  });

  it('in a new folder is noticed too', async () => {
    write('lambdas/core/more/deep.ts', `export const deep = 'deep';\n`);
    write(
      'lambdas/steps/two.ts',
      `import { deep } from '../core/more/deep.ts';\nexport const handler = async () => ({ answer: deep });\n`
    );
    await hear('reloaded');
    told.length = 0;
    write('lambdas/core/more/deep.ts', `export const deep = 'deeper';\n`);
    await hear('reloaded');
    expect((await call('steps-two')).answer).toBe('deeper');
  });
});
