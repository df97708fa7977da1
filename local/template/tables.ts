import type * as z from 'zod';
import type { JsonObject } from './json.ts';
import * as properties from './properties.ts';
import { arnOf, type Select } from './select.ts';

export interface Table {
  readonly name: string;
  readonly arn: string;
  readonly properties: z.infer<typeof properties.Table>;
  /** Names the customer's key that encrypts it, if one does. */
  readonly keyId: string | undefined;
  /** Its resource-based policy. */
  readonly policy: JsonObject | undefined;
}

/** The tables; of a global table, the replica in its own region. */
export const tablesOf = (select: Select): readonly Table[] =>
  ['AWS::DynamoDB::Table', 'AWS::DynamoDB::GlobalTable'].flatMap((type) =>
    select(type, properties.Table).map(({ resource, properties: given }): Table => {
      const arn = arnOf(resource);
      const region = arn.split(':')[3];
      const { SSESpecification, ResourcePolicy } = given;
      const replica = given.Replicas.find(({ Region }) => Region === region);
      const isOn = SSESpecification?.SSEEnabled !== false;
      return {
        name: resource.identity.ref,
        arn,
        properties: given,
        keyId: isOn ? (replica?.SSESpecification?.KMSMasterKeyId ?? SSESpecification?.KMSMasterKeyId) : undefined,
        policy: (replica?.ResourcePolicy ?? ResourcePolicy)?.PolicyDocument,
      };
    })
  );
