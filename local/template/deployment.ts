import type * as z from 'zod';
import { apisOf, type HttpApi } from './api.ts';
import type { Assembly } from './assembly.ts';
import { type Bucket, bucketsOf } from './buckets.ts';
import { functionsOf, type LambdaFunction } from './functions.ts';
import type { JsonObject } from './json.ts';
import { type LogGroup, logGroupsOf } from './log-groups.ts';
import { machinesOf, type StateMachine } from './machines.ts';
import * as properties from './properties.ts';
import { resolveResources } from './resources.ts';
import { type Role, rolesOf } from './roles.ts';
import { selectFrom } from './select.ts';
import { type UserPool, userPoolsOf } from './users.ts';

export interface Table {
  readonly name: string;
  readonly properties: z.infer<typeof properties.Table>;
}

export interface Rule {
  readonly at: string;
  readonly pattern: JsonObject;
  /** The ARNs of functions. */
  readonly targets: readonly string[];
}

/** What the template says there is, as far as it does something on one machine. */
export interface Deployment {
  readonly account: string;
  readonly region: string;
  readonly tables: readonly Table[];
  readonly functions: readonly LambdaFunction[];
  readonly buckets: readonly Bucket[];
  readonly logGroups: readonly LogGroup[];
  readonly roles: readonly Role[];
  readonly machines: readonly StateMachine[];
  readonly rules: readonly Rule[];
  readonly apis: readonly HttpApi[];
  readonly userPools: readonly UserPool[];
  readonly outputs: Readonly<Record<string, string>>;
}

/**
 * Reads what runs locally out of an assembly. Throws an `Error` that names the resource for anything that is not known: a
 * type, an intrinsic, or a property that matters.
 */
export const readDeployment = (assembly: Assembly, apiEndpoint: (apiId: string) => string): Deployment => {
  const { resources, outputs } = resolveResources(assembly, apiEndpoint);
  const select = selectFrom(resources);
  const [first] = assembly.stacks;
  const tables = ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'].flatMap((type) =>
    select(type, properties.Table)
  );
  const functions = functionsOf(select, assembly);
  return {
    account: first?.account ?? '',
    region: first?.region ?? '',
    tables: tables.map(({ resource, properties: given }) => ({ name: resource.identity.ref, properties: given })),
    functions,
    buckets: bucketsOf(select),
    logGroups: logGroupsOf(select, functions),
    roles: rolesOf(select),
    machines: machinesOf(select, assembly),
    rules: select('AWS::Events::Rule', properties.Rule)
      .filter((rule) => rule.properties.State === 'ENABLED')
      .map(({ resource, properties: { EventPattern, Targets } }) => ({
        at: resource.at,
        pattern: EventPattern,
        targets: Targets.map(({ Arn }) => Arn),
      })),
    apis: apisOf(select),
    userPools: userPoolsOf(select),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, locally(value, apiEndpoint)])),
  };
};

/** An API's public host name, which CDK joins from parts, is replaced by where it answers here. */
const locally = (text: string, apiEndpoint: (apiId: string) => string): string =>
  text.replace(/https:\/\/(\w+)\.execute-api\.[\w-]+\.amazonaws\.com/g, (_, apiId: string) => apiEndpoint(apiId));
