import type { JsonObject } from '../../../../local/template/json.ts';
import { allow, when } from './case.ts';

/** Documents that IAM does not take, and what is said of each. */
export const MALFORMED: readonly (readonly [JsonObject | string, string])[] = [
  [{ Version: '2012-10-17' }, 'must have a Statement'],
  [{ Version: '2012-10-17', Statement: [] }, 'must have a Statement'],
  [{ Version: 2012, Statement: [allow()] }, 'Version must be a string'],
  [{ Statements: [allow()] }, 'no element Statements'],
  [{ Statement: ['all'] }, 'a statement must be an object'],
  [{ Statement: [allow({ Ressource: '*' })] }, 'no element Ressource'],
  [{ Statement: [allow({ Effect: 'allow' })] }, 'Effect must be Allow or Deny'],
  [{ Statement: [{ Action: 's3:*', Resource: '*' }] }, 'Effect must be Allow or Deny'],
  [{ Statement: [{ Effect: 'Allow', Resource: '*' }] }, 'expected either Action or NotAction'],
  [{ Statement: [allow({ NotAction: 's3:*' })] }, 'expected either Action or NotAction'],
  [{ Statement: [{ Effect: 'Allow', Action: 's3:*' }] }, 'expected either Resource or NotResource'],
  [{ Statement: [allow({ Action: [] })] }, 'Action must be a string or a list of strings'],
  [{ Statement: [allow({ Action: 'GetObject' })] }, 'expected actions as <service>:<Action>'],
  [{ Statement: [allow({ Resource: [] })] }, 'Resource must be a string or a list of strings'],
  [{ Statement: [allow({ Resource: 'bucket' })] }, 'expected resources as "*" or as ARNs'],
  [{ Statement: [allow({ Resource: 'arn:aws:*:::bucket' })] }, 'expected resources as "*" or as ARNs'],
  [{ Statement: [allow({ Resource: 'arn:aws:s3:bucket' })] }, 'expected resources as "*" or as ARNs'],
  [{ Statement: [allow({ Principal: '*' })] }, 'an identity-based policy has no Principal'],
  [{ Statement: [allow({ Condition: 'never' })] }, 'Condition must be an object'],
  [{ Statement: [allow({ Condition: { StringEquals: 'a' } })] }, 'Condition.StringEquals must be an object'],
  [{ Statement: [allow(when('StringEquals', 'a:b', { c: 'd' }))] }, 'Condition.StringEquals.a:b must be a value'],
  [{ Statement: [allow({ Sid: 'has space' })] }, 'Sid must be letters and digits'],
  [{ Statement: [allow({ Sid: 'One' }), allow({ Sid: 'One' })] }, 'the Sid One stands there twice'],
  ['all', 'a policy must be an object'],
];
