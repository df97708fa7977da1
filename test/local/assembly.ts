import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json, JsonObject } from '../../local/template/json.ts';

export interface Resource {
  readonly Type: string;
  readonly Properties?: JsonObject;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
  readonly Outputs?: JsonObject;
  readonly Conditions?: JsonObject;
  readonly Mappings?: JsonObject;
  readonly Parameters?: JsonObject;
}

/** A folder of its own under the system's. */
export const aFolder = (): string => mkdtempSync(join(tmpdir(), 'local-'));

/** Writes a cloud assembly: templates by stack name, in order of dependence, and the code of `index.mjs` by asset name. */
export const anAssembly = (
  stacks: Readonly<Record<string, Template>>,
  code: Readonly<Record<string, string>> = {}
): string => {
  const folder = aFolder();
  const write = (name: string, content: Json): void => writeFileSync(join(folder, name), JSON.stringify(content));
  const names = Object.keys(stacks);
  for (const [name, source] of Object.entries(code)) {
    mkdirSync(join(folder, `asset.${name}`));
    writeFileSync(join(folder, `asset.${name}`, 'index.mjs'), source);
  }
  const files = Object.keys(code).map((name) => [
    name,
    { source: { path: `asset.${name}`, packaging: 'zip' }, destinations: { here: { objectKey: `${name}.zip` } } },
  ]);
  write('assets.json', { version: '1', files: Object.fromEntries(files) });
  for (const [name, template] of Object.entries(stacks)) write(`${name}.json`, template as unknown as Json);
  const artifacts = names.map((name, index) => [
    name,
    {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/unknown-region',
      properties: { templateFile: `${name}.json` },
      dependencies: ['assets', ...names.slice(0, index)],
    },
  ]);
  write('manifest.json', {
    version: '1',
    artifacts: {
      ...Object.fromEntries(artifacts),
      assets: { type: 'cdk:asset-manifest', properties: { file: 'assets.json' } },
    },
  });
  return folder;
};

export const ref = (name: string): JsonObject => ({ Ref: name });
export const arnOf = (name: string): JsonObject => ({ 'Fn::GetAtt': [name, 'Arn'] });

export const role = (service: string): Resource => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: service } }],
    },
  },
});

/** A policy of some roles, by their logical ids. */
export const policy = (roles: readonly string[], statements: readonly JsonObject[]): Resource => ({
  Type: 'AWS::IAM::Policy',
  Properties: {
    PolicyName: 'own',
    Roles: roles.map(ref),
    PolicyDocument: { Version: '2012-10-17', Statement: statements },
  },
});

/** Lets a service invoke a function for a resource. */
export const permission = (lambda: string, service: string, source: Json): Resource => ({
  Type: 'AWS::Lambda::Permission',
  Properties: { Action: 'lambda:InvokeFunction', FunctionName: arnOf(lambda), Principal: service, SourceArn: source },
});

/** A function that runs the code of an asset, by default under the role `Role`. */
export const lambda = (asset: string, more: JsonObject = {}): Resource => ({
  Type: 'AWS::Lambda::Function',
  Properties: {
    FunctionName: asset,
    Code: { S3Bucket: { 'Fn::Sub': 'assets-$' + '{AWS::AccountId}' }, S3Key: `${asset}.zip` },
    Handler: 'index.handler',
    Runtime: 'nodejs24.x',
    Role: arnOf('Role'),
    ...more,
  },
});

/** The URL by which code of an asset imports a package of this project. */
export const packageUrl = (name: string): string => pathToFileURL(createRequire(import.meta.url).resolve(name)).href;
