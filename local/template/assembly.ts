import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import * as z from 'zod';
import type { Json } from './json.ts';

const Manifest = z.object({
  artifacts: z.record(
    z.string(),
    z.object({
      type: z.string(),
      environment: z.string().optional(),
      dependencies: z.array(z.string()).optional(),
      properties: z
        .object({ templateFile: z.string().optional(), file: z.string().optional(), stackName: z.string().optional() })
        .optional(),
    })
  ),
});

const Assets = z.object({
  files: z.record(
    z.string(),
    z.object({
      source: z.object({ path: z.string().optional() }),
      destinations: z.record(z.string(), z.object({ objectKey: z.string() })),
    })
  ),
});

const JsonValue = z.json() as z.ZodType<Json>;
const Template = z.strictObject({
  AWSTemplateFormatVersion: z.string().optional(),
  Description: z.string().optional(),
  Metadata: JsonValue.optional(),
  Rules: JsonValue.optional(),
  Parameters: z.record(z.string(), z.object({ Type: z.string(), Default: JsonValue.optional() })).optional(),
  Mappings: z.record(z.string(), JsonValue).optional(),
  Conditions: z.record(z.string(), JsonValue).optional(),
  Resources: z
    .record(
      z.string(),
      z.object({
        Type: z.string(),
        Condition: z.string().optional(),
        Properties: z.record(z.string(), JsonValue).optional(),
      })
    )
    .default({}),
  Outputs: z
    .record(
      z.string(),
      z.object({
        Value: JsonValue,
        Condition: z.string().optional(),
        Export: z.object({ Name: JsonValue }).optional(),
      })
    )
    .default({}),
});

/** One stack as it was synthesised, its references not yet resolved. */
export interface Stack {
  readonly name: string;
  readonly account: string;
  readonly region: string;
  readonly template: z.infer<typeof Template>;
}

export interface Assembly {
  /** A stack comes after every stack that it depends on. */
  readonly stacks: readonly Stack[];
  /** Where the assets lie: absolute folder or file by the object key that templates name. */
  readonly assets: ReadonlyMap<string, string>;
}

const readJson = <T>(file: string, schema: z.ZodType<T>): T => {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new Error(`cannot read ${file}, a part of the cloud assembly: synthesise the app again`, { cause });
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Error(`${file} is not what the cloud assembly should hold: ${z.prettifyError(parsed.error)}`);
};

/** Stacks synthesised without an environment run as this account, in this region. */
const UNKNOWN = { account: '000000000000', region: 'us-east-1' };

const environmentOf = (environment: string | undefined): { account: string; region: string } => {
  const [, account, region] = /^aws:\/\/([^/]+)\/([^/]+)$/.exec(environment ?? '') ?? [];
  return {
    account: account === undefined || account === 'unknown-account' ? UNKNOWN.account : account,
    region: region === undefined || region === 'unknown-region' ? UNKNOWN.region : region,
  };
};

/** Reads a cloud assembly (`cdk.out`). Throws an `Error` that names the file which is missing or malformed. */
export const readAssembly = (directory: string): Assembly => {
  const root = resolve(directory);
  const { artifacts } = readJson(join(root, 'manifest.json'), Manifest);

  const assets = new Map<string, string>();
  for (const { type, properties } of Object.values(artifacts)) {
    if (type !== 'cdk:asset-manifest' || properties?.file === undefined) continue;
    for (const { source, destinations } of Object.values(readJson(join(root, properties.file), Assets).files)) {
      if (source.path === undefined) continue;
      for (const { objectKey } of Object.values(destinations)) assets.set(objectKey, resolve(root, source.path));
    }
  }

  const stacks: Stack[] = [];
  const visited = new Set<string>();
  const visit = (id: string): void => {
    const artifact = artifacts[id];
    if (artifact === undefined || visited.has(id)) return;
    visited.add(id);
    for (const dependency of artifact.dependencies ?? []) visit(dependency);
    if (artifact.type !== 'aws:cloudformation:stack') return;
    const file = artifact.properties?.templateFile;
    if (file === undefined) throw new Error(`${join(root, 'manifest.json')}: stack ${id} names no template`);
    stacks.push({
      name: artifact.properties?.stackName ?? id,
      ...environmentOf(artifact.environment),
      template: readJson(join(root, file), Template),
    });
  };
  for (const id of Object.keys(artifacts)) visit(id);
  if (stacks.length === 0) throw new Error(`${join(root, 'manifest.json')} names no stack`);
  return { stacks, assets };
};
