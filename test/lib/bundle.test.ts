import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bundle, bundleOf } from '../../lib/bundle.ts';
import { ConfigError } from '../../lib/config.ts';
import { bundleProject } from '../../lib/prepare.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'writ-bundle-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const write = (files: Readonly<Record<string, string>>): void => {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
};
const project = {
  'lambdas/steps/route.ts': "import { greet } from '../core/greet.ts';\nexport const handler = () => greet;",
  'lambdas/steps/decide.ts': "import { parse } from '../core/legacy.cjs';\nexport const handler = () => parse('/a/b');",
  'lambdas/tools/jira/write.ts': 'export const handler = (): string => "write";',
  'lambdas/tools/jira/client.ts': 'export const notAnEntryPoint = 1;',
  'lambdas/api/http.ts': 'export const handler = (): string => "http";',
  'lambdas/api/respond.ts': 'export const notAnEntryPoint = 1;',
  'lambdas/core/greet.ts': 'export const greet: string = "hello";\nexport const unused = "never-used";',
  'lambdas/core/legacy.cjs': "const path = require('node:path');\nexports.parse = (p) => path.basename(p);",
};

describe('bundling', () => {
  it('finds entry points by convention, and names them', async () => {
    write(project);
    const bundles = await bundle(root);
    expect([...bundles.keys()].sort()).toEqual(['api-http', 'steps-decide', 'steps-route', 'tools-jira-write']);
  });

  it('leaves out what nobody uses', async () => {
    write(project);
    const { code: bytes } = bundleOf(await bundle(root), 'steps-route');
    const code = Buffer.from(bytes).toString();
    expect(code).toContain('hello');
    expect(code).not.toContain('never-used');
  });

  it('runs CommonJS that requires modules of Node', async () => {
    write(project);
    const { code } = bundleOf(await bundle(root), 'steps-decide');
    const file = join(root, 'index.mjs');
    writeFileSync(file, code);
    const { handler } = (await import(pathToFileURL(file).href)) as { handler: () => string };
    expect(handler()).toBe('b');
  });

  it('gives the same digests for the same sources', async () => {
    write(project);
    const digests = async () => [...(await bundle(root)).values()].map(({ digest }) => digest);
    expect(await digests()).toEqual(await digests());
  });

  it('gives another digest to the bundle whose sources changed, and to no other', async () => {
    write(project);
    const before = await bundle(root);
    write({ 'lambdas/core/greet.ts': 'export const greet: string = "good day";' });
    const after = await bundle(root);
    const changed = [...after.values()].filter(({ name, digest }) => before.get(name)?.digest !== digest);
    expect(changed.map(({ name }) => name)).toEqual(['steps-route']);
  });

  it('says which entry point is missing', async () => {
    write(project);
    const bundles = await bundle(root);
    expect(() => bundleOf(bundles, 'api-token')).toThrow(ConfigError);
    expect(() => bundleOf(bundles, 'api-token')).toThrow('there is no entry point for api-token');
  });
});

describe("the project's bundles", () => {
  const PROVIDERS = ['anthropic', 'bedrock', 'google', 'openai', 'openai-compatible'];

  it('keep what calls models in files of their own, each of which loads by itself', async () => {
    const bundles = await bundleProject();
    const textOf = (name: string) => Buffer.from(bundleOf(bundles, name).code).toString();
    for (const name of [...bundles.keys()].filter((each) => !each.startsWith('models-')))
      expect(textOf(name), name).not.toMatch(/anthropic-version|x-goog-api-key|\/chat\/completions/);
    expect(textOf('models-anthropic')).toContain('anthropic-version');
    for (const provider of PROVIDERS) {
      const file = join(root, `${provider}.mjs`);
      writeFileSync(file, bundleOf(bundles, `models-${provider}`).code);
      const { open } = (await import(pathToFileURL(file).href)) as { open: unknown };
      expect(open, provider).toBeTypeOf('function');
    }
  }, 60_000);
});
