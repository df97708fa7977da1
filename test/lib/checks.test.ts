import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { App, Stack } from 'aws-cdk-lib/core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { addStacks } from '../../lib/app.ts';
import { addChecks } from '../../lib/checks.ts';
import { readConfig } from '../../lib/config.ts';
import { bundleProject, learn, prepare } from '../../lib/prepare.ts';

let outdir: string;
beforeAll(() => {
  outdir = mkdtempSync(join(tmpdir(), 'writ-checks-'));
});
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

interface Report {
  readonly pluginReports: readonly { readonly pluginName: string; readonly violations: readonly unknown[] }[];
}

it('leaves no finding that nobody gave a reason for, with everything configured', async () => {
  const machineClients = [{ name: 'helpdesk', tenant: 'demo', roles: ['submitter'] }];
  const models = {
    tiers: {
      small: ['bedrock:amazon.nova-micro-v1:0', 'bedrock:eu.anthropic.claude-haiku-4-5-20251001-v1:0'],
      large: ['anthropic:claude-opus-5'],
    },
  };
  const config = readConfig({ writ: { machineClients, allowedOrigins: ['https://console.example'], models } });
  const app = new App({ outdir: join(outdir, 'app') });
  addStacks(app, config, prepare(learn(config), await bundleProject()));
  addChecks(app);
  const { directory } = app.synth();

  const { pluginReports } = JSON.parse(readFileSync(join(directory, 'validation-report.json'), 'utf8')) as Report;
  expect(pluginReports.map(({ pluginName, violations }) => [pluginName, violations])).toContainEqual([
    'AwsSolutions',
    [],
  ]);
  expect(pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
}, 120_000);

it('fails a synthesis that has one', () => {
  const app = new App({ outdir: join(outdir, 'bad'), builtinCloudFormationValidation: false });
  const role = new Role(new Stack(app, 'Bad'), 'Role', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
  role.addToPolicy(new PolicyStatement({ actions: ['dynamodb:*'], resources: ['*'] }));
  addChecks(app);
  expect(() => app.synth()).toThrow(/AwsSolutions-IAM5\[Action::dynamodb:\*\]/);
});
