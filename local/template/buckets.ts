import type { JsonObject } from './json.ts';
import * as properties from './properties.ts';
import type { Select } from './select.ts';

/** For how long each new version is retained, unless it says so itself. */
export interface DefaultRetention {
  readonly mode: 'GOVERNANCE' | 'COMPLIANCE';
  readonly period: { readonly days: number } | { readonly years: number };
}

export interface Bucket {
  readonly name: string;
  readonly arn: string;
  readonly isVersioned: boolean;
  /** Object Lock, where the bucket has it. */
  readonly lock: { readonly defaultRetention: DefaultRetention | undefined } | undefined;
  /** Its policy documents. */
  readonly policies: readonly JsonObject[];
}

const lockOf = ({ ObjectLockEnabled, ObjectLockConfiguration }: properties.Bucket): Bucket['lock'] => {
  if (ObjectLockEnabled !== true && ObjectLockConfiguration === undefined) return undefined;
  const given = ObjectLockConfiguration?.Rule?.DefaultRetention;
  if (given === undefined) return { defaultRetention: undefined };
  const { Mode: mode, Days: days, Years: years } = given;
  return { defaultRetention: { mode, period: days === undefined ? { years: years ?? 0 } : { days } } };
};

/** The buckets, each with its policies. One with Object Lock is versioned, whether it says so or not. */
export const bucketsOf = (select: Select): readonly Bucket[] => {
  const policies = select('AWS::S3::BucketPolicy', properties.BucketPolicy);
  return select('AWS::S3::Bucket', properties.Bucket).map(({ resource, properties: given }) => {
    const name = resource.identity.ref;
    const lock = lockOf(given);
    return {
      name,
      arn: String(resource.identity.attributes.Arn),
      isVersioned: lock !== undefined || given.VersioningConfiguration?.Status === 'Enabled',
      lock,
      policies: policies
        .filter((policy) => policy.properties.Bucket === name)
        .map((policy) => policy.properties.PolicyDocument),
    };
  });
};
