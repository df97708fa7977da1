import { type AccessRules, accessRulesOf } from './access.ts';
import { apisOf, type HttpApi } from './api.ts';
import type { Assembly } from './assembly.ts';
import { type Bucket, bucketsOf } from './buckets.ts';
import { functionsOf, type LambdaFunction } from './functions.ts';
import type { JsonObject } from './json.ts';
import { type LogGroup, logGroupsOf } from './log-groups.ts';
import { machinesOf, type StateMachine } from './machines.ts';
import * as properties from './properties.ts';
import { resolveResources } from './resources.ts';
import { managedPoliciesOf, type NamedPolicy, type Role, rolesOf } from './roles.ts';
import { arnOf, selectFrom } from './select.ts';
import { type Table, tablesOf } from './tables.ts';
import { type UserPool, userPoolsOf } from './users.ts';

export interface Rule {
  readonly at: string;
  readonly arn: string;
  /** Which events it is for, or when it is due: one of the two. */
  readonly on: { readonly pattern: JsonObject } | { readonly schedule: string };
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
  /** Those of the template, by ARN. */
  readonly managedPolicies: ReadonlyMap<string, NamedPolicy>;
  readonly access: AccessRules;
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
  const tables = tablesOf(select);
  const functions = functionsOf(select, assembly);
  const buckets = bucketsOf(select);
  return {
    account: first?.account ?? '',
    region: first?.region ?? '',
    tables,
    functions,
    buckets,
    logGroups: logGroupsOf(select, functions),
    roles: rolesOf(select),
    managedPolicies: managedPoliciesOf(select),
    access: accessRulesOf(select, { tables, buckets }),
    machines: machinesOf(select, assembly),
    rules: select('AWS::Events::Rule', properties.Rule)
      .filter((rule) => rule.properties.State === 'ENABLED')
      .map(({ resource, properties: { EventPattern, ScheduleExpression, Targets } }) => ({
        at: resource.at,
        arn: arnOf(resource),
        on: occasionOf(resource.at, EventPattern, ScheduleExpression),
        targets: Targets.map(({ Arn }) => Arn),
      })),
    apis: apisOf(select),
    userPools: userPoolsOf(select),
    outputs: Object.fromEntries(Object.entries(outputs).map(([name, value]) => [name, locally(value, apiEndpoint)])),
  };
};

const occasionOf = (at: string, pattern?: JsonObject, schedule?: string): Rule['on'] => {
  if (pattern !== undefined && schedule === undefined) return { pattern };
  if (schedule !== undefined && pattern === undefined) return { schedule };
  throw new Error(`${at}: only a rule with either an EventPattern or a ScheduleExpression runs here`);
};

/** An API's public host name, which CDK joins from parts, is replaced by where it answers here. */
const locally = (text: string, apiEndpoint: (apiId: string) => string): string =>
  text.replace(/https:\/\/(\w+)\.execute-api\.[\w-]+\.amazonaws\.com/g, (_, apiId: string) => apiEndpoint(apiId));
