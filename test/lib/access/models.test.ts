import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { synth } from '../../../lib/synth.ts';
import { type Asked, askAssembly, matrixOf, type Row, rolesIn, tableOf } from './matrix.ts';
import { modelRows, sensitiveRows } from './rows.ts';

/*
 * A deployment whose tiers are a model by key, a model of Bedrock's in its own region and one behind an inference profile.
 */

const MODELS = {
  tiers: {
    small: ['bedrock:amazon.nova-micro-v1:0'],
    medium: ['anthropic:claude-haiku-4-5'],
    large: ['bedrock:eu.anthropic.claude-haiku-4-5-20251001-v1:0'],
  },
};

let folder: string;
let asked: Asked;
let rows: readonly Row[];
let sensitive: readonly Row[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-access-models-'));
  const { directory } = await synth({ outdir: join(folder, 'cdk.out'), context: { 'writ:models': MODELS } });
  asked = askAssembly(directory);
  const { account, region } = asked.deployment;
  const of = (at: string, id: string) => `arn:aws:bedrock:${at}::foundation-model/${id}`;
  rows = modelRows(asked.deployment, 'anthropic', [
    of(region, 'amazon.nova-micro-v1:0'),
    of(region, 'amazon.nova-pro-v1:0'),
    of('eu-west-1', 'amazon.nova-micro-v1:0'),
    `arn:aws:bedrock:${region}:${account}:inference-profile/eu.anthropic.claude-haiku-4-5-20251001-v1:0`,
    `arn:aws:bedrock:${region}:${account}:inference-profile/us.anthropic.claude-haiku-4-5-20251001-v1:0`,
    of('eu-west-1', 'anthropic.claude-haiku-4-5-20251001-v1:0'),
  ]);
  sensitive = sensitiveRows(asked.deployment);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = `# Who may do what with models

Where models are configured (here one by key, one of Bedrock's, and one behind an inference profile, all asked by Propose alone), this comes on top of [what everybody may do](access.md).
A test makes this table anew and compares: \`npx vitest run test/lib/access -u\` writes it again.
`;

/** Which roles may do what is about this. */
const whoMay = (about: RegExp, among: readonly Row[] = rows): readonly string[] => {
  const names = [...rolesIn(asked.deployment).keys()];
  const cells = matrixOf(among, asked);
  const found = among.flatMap((row, at) => (about.test(row.about) ? [cells[at] ?? []] : []));
  expect(found.length).toBeGreaterThan(0);
  return names.filter((_, column) => found.some((cell) => cell[column] !== ''));
};

it('is as it is written down', async () => {
  await expect(`${HEAD}\n${tableOf(rows, asked)}\n`).toMatchFileSnapshot('../../../docs/access-models.md');
});

it("lets a tenant's own session alone have its key, of a provider that is configured, and Propose alone begin one", () => {
  expect(whoMay(/^key of anthropic, its own/)).toEqual(['keys of propose']);
  expect(whoMay(/another tenant|no tenant|not configured/)).toEqual([]);
  expect(whoMay(/^assume the keys' role for a tenant/)).toEqual(['propose']);
});

it('lets Propose alone invoke the very models that are configured, where they are', () => {
  const { region } = asked.deployment;
  expect(whoMay(new RegExp(`^invoke ${region}::foundation-model/amazon.nova-micro`))).toEqual(['propose']);
  expect(whoMay(/inference-profile\/eu\./)).toEqual(['propose']);
  expect(whoMay(/nova-pro|eu-west-1::foundation-model\/amazon|inference-profile\/us\./)).toEqual([]);
  // a model behind a profile: through that profile alone
  expect(whoMay(/^invoke eu-west-1::foundation-model\/anthropic/)).toEqual([]);
  const [, arn = ''] = [...rolesIn(asked.deployment)].find(([name]) => name === 'propose') ?? [];
  const profile = (area: string) =>
    `arn:aws:bedrock:${region}:${asked.deployment.account}:inference-profile/${area}.anthropic.claude-haiku-4-5-20251001-v1:0`;
  const through = (area: string) =>
    asked.may(arn, {
      letter: 'yes',
      action: 'bedrock:InvokeModel',
      resource: 'arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-haiku-4-5-20251001-v1:0',
      context: { 'bedrock:InferenceProfileArn': profile(area) },
    });
  expect([through('eu'), through('us')]).toEqual([true, false]);
});

it('lets Propose alone give again what its own models answered', () => {
  const row = (writer: string) => new RegExp(`CACHE#completion#${writer}#`);
  expect(whoMay(row('propose:ticket-triage'))).toEqual(['propose']);
  expect(whoMay(row('route:ticket-triage'))).toEqual([]);
  expect(whoMay(row('propose:ticket-triage-2'))).toEqual([]);
  expect(whoMay(/CACHE#reading#/)).toEqual([]);
});

it('gives steps with models no tool, no secret of a tool, no writ and no control to set, nor their keys any of it', () => {
  const reached = whoMay(
    /secret of jira|invoke|assume the secret|`(WRIT|CLAIM|RATE|CAP)#|^audit|answer a task token|start an execution/,
    sensitive
  );
  expect(reached).not.toContain('propose');
  expect(reached).not.toContain('keys of propose');
  expect(whoMay(/./, sensitive)).not.toContain('keys of propose');
  const column = [...rolesIn(asked.deployment).keys()].indexOf('propose');
  const onControls = matrixOf(
    sensitive.filter(({ about }) => about.includes('`CONTROL#')),
    asked
  );
  expect(new Set(onControls.map((cells) => cells[column]))).toEqual(new Set(['rq', '']));
});
