import type { ContextEntry, SimulateCustomPolicyCommandInput } from '@aws-sdk/client-iam';
import type { JsonObject } from '../../local/template/json.ts';
import { type Case, OBJECT } from '../local/iam/cases/case.ts';

/** What IAM says of a case that is expected so. What is not known here, AWS knows, or refuses to take. */
export const DECISIONS = {
  allowed: 'allowed',
  'explicit-deny': 'explicitDeny',
  'no-allow': 'implicitDeny',
  unknown: undefined,
} as const satisfies Record<Case['expect'], string | undefined>;

/**
 * Whether IAM can be asked about a case: a policy of a resource needs a user as caller there, a session's policy cannot be given, and
 * a key that IAM has never heard of is refused.
 */
export const isSimulated = ({ expect, resource, session, service, context = {} }: Case): boolean =>
  DECISIONS[expect] !== undefined &&
  resource === undefined &&
  session === undefined &&
  service === undefined &&
  Object.keys(context).every((key) => /^(aws|s3|dynamodb|kms|lambda|secretsmanager|states|sts):/i.test(key));

const entryOf = (key: string, value: JsonObject[string]): ContextEntry => ({
  ContextKeyName: key,
  ContextKeyType: Array.isArray(value) ? 'stringList' : 'string',
  ContextKeyValues: (Array.isArray(value) ? value : [value]).map(String),
});

const documentOf = (statements: readonly JsonObject[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

/** A case as a question to `SimulateCustomPolicy`, which judges policies that are attached to nothing. */
export const simulationOf = (one: Case): SimulateCustomPolicyCommandInput => {
  const { statements = [], documents = [], boundary, action = 's3:GetObject', on = OBJECT, context = {} } = one;
  return {
    PolicyInputList: [
      ...(statements.length === 0 ? [] : [documentOf(statements)]),
      ...documents.map((document) => JSON.stringify(document)),
    ],
    ...(boundary !== undefined && { PermissionsBoundaryPolicyInputList: [documentOf(boundary)] }),
    ActionNames: [action],
    ResourceArns: [on],
    ContextEntries: Object.entries(context).map(([key, value]) => entryOf(key, value)),
  };
};
