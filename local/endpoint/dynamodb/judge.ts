import type { Authorize } from '../../iam/authorize.ts';
import type { RoleSession } from '../../iam/credentials.ts';
import { isObject, type JsonObject } from '../../template/json.ts';
import type { Table } from '../../template/tables.ts';
import { ServiceError } from '../exchange.ts';
import { guardFor } from '../operation.ts';
import { withTableNames } from './names.ts';
import { READERS, type Touch } from './touches.ts';

export interface JudgeOptions {
  readonly tables: readonly Table[];
  /** The ARN of a customer's key, by whatever name a table gives it. */
  readonly keys: ReadonlyMap<string, string>;
  readonly account: string;
  readonly region: string;
  readonly authorize: Authorize;
}

/** Judges a role's request. Gives the body that may be sent on; throws a `ServiceError` otherwise. */
export type Judge = (caller: RoleSession, operation: string, body: Buffer) => Buffer;

/** Operations on a table as a whole, and those on none. */
const ON_TABLES = new Set(
  (
    'CreateTable DeleteTable DescribeTable UpdateTable DescribeTimeToLive UpdateTimeToLive DescribeContinuousBackups ' +
    'UpdateContinuousBackups'
  ).split(' ')
);
const ON_TAGS = new Set(['TagResource', 'UntagResource', 'ListTagsOfResource']);
const ON_NOTHING = new Set(['ListTables', 'DescribeLimits', 'DescribeEndpoints']);

interface Known {
  readonly table: Table;
  /** The attribute that is the partition key, of the table under no name and of its indexes. */
  readonly partitionKeys: ReadonlyMap<string | undefined, string>;
  readonly keyArn: string | undefined;
}

const partitionKeysOf = ({ properties }: Table): Known['partitionKeys'] => {
  const hashOf = (schema: readonly unknown[]): string =>
    String(schema.filter(isObject).find(({ KeyType }) => KeyType === 'HASH')?.AttributeName);
  const indexes = [...(properties.GlobalSecondaryIndexes ?? []), ...(properties.LocalSecondaryIndexes ?? [])];
  return new Map<string | undefined, string>([
    [undefined, hashOf(properties.KeySchema)],
    ...indexes.map(({ IndexName, KeySchema }): [string, string] => [IndexName, hashOf(KeySchema)]),
  ]);
};

const parse = (body: Buffer): JsonObject => {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    if (isObject(value)) return value;
  } catch {} // said below
  throw new ServiceError('SerializationException', 'the body is not a JSON object');
};

const written = (request: JsonObject): Buffer => {
  try {
    return Buffer.from(JSON.stringify(request));
  } catch {
    // JSON may be read at any depth, and written at some: DynamoDB's own limit is 32 levels
    throw new ServiceError('ValidationException', 'Nesting Levels have exceeded supported limits');
  }
};

const AWS_MANAGED_KEY = 'alias/aws/dynamodb';

/**
 * Works out the tables, indexes and partition keys of each request of a role, and asks the policies about them. What is
 * judged is what is sent: the body is written anew from what was read, so that no other reading of it can do anything else.
 */
export const judgeFor = ({ tables, keys, account, region, authorize }: JudgeOptions): Judge => {
  const tableArn = (name: string): string => `arn:aws:dynamodb:${region}:${account}:table/${name}`;
  const keyArnOf = (id: string | undefined): string | undefined => {
    if (id === undefined || id === AWS_MANAGED_KEY) return undefined;
    return keys.get(id) ?? (id.startsWith('arn:') ? id : `arn:aws:kms:${region}:${account}:key/${id}`);
  };
  const known = new Map<string, Known>(
    tables.map((table) => [table.arn, { table, partitionKeys: partitionKeysOf(table), keyArn: keyArnOf(table.keyId) }])
  );

  const judgeTouch = (caller: RoleSession, touch: Touch): void => {
    const arn = touch.table.startsWith('arn:') ? touch.table : tableArn(touch.table);
    const found = known.get(arn);
    const partitionKey = found?.partitionKeys.get(touch.index);
    const leading = partitionKey === undefined ? undefined : touch.leading?.(partitionKey);
    const values = leading?.filter((value) => value !== undefined);
    guardFor(
      caller,
      `dynamodb:${touch.action}`,
      authorize
    )(touch.index === undefined ? arn : `${arn}/index/${touch.index}`, {
      ...touch.context,
      ...(values === undefined || values.length === 0 ? {} : { 'dynamodb:LeadingKeys': values }),
    });
    // from here on the caller may know what is wrong with the request, which must not reach the database half understood
    if (found === undefined)
      throw new ServiceError(
        'ResourceNotFoundException',
        `Requested resource not found: Table: ${touch.table} not found`
      );
    if (partitionKey === undefined)
      throw new ServiceError('ValidationException', `The table does not have the specified index: ${touch.index}`);
    if (leading !== undefined && (leading.length === 0 || leading.some((value) => value === undefined)))
      throw new ServiceError(
        'ValidationException',
        `a value of the partition key ${partitionKey} is missing or malformed`
      );
    if (found.keyArn !== undefined) judgeKey(caller, found.table, found.keyArn);
  };

  /**
   * A table under a customer's key is opened with the caller's own right to decrypt (Developer Guide, "DynamoDB encryption at
   * rest: how DynamoDB uses AWS KMS"): AWS remembers for five minutes that it could, this machine asks each time.
   */
  const judgeKey = (caller: RoleSession, { name }: Table, keyArn: string): void => {
    const encryption = { 'aws:dynamodb:tableName': name, 'aws:dynamodb:subscriberId': account };
    guardFor(
      caller,
      'kms:Decrypt',
      authorize
    )(keyArn, {
      'kms:ViaService': `dynamodb.${region}.amazonaws.com`,
      'kms:CallerAccount': account,
      'kms:EncryptionContextKeys': Object.keys(encryption),
      ...Object.fromEntries(Object.entries(encryption).map(([key, value]) => [`kms:EncryptionContext:${key}`, value])),
    });
  };

  return (caller, operation, body) => {
    const reader = READERS.get(operation);
    if (reader === undefined && ![ON_TABLES, ON_TAGS, ON_NOTHING].some((known) => known.has(operation)))
      throw new ServiceError(
        'AccessDeniedException',
        `the local stack does not work out what ${operation} touches, and so denies it to roles: not implemented`
      );
    const request = parse(body);
    if (reader === undefined) {
      const named = ON_TAGS.has(operation) ? request.ResourceArn : request.TableName;
      const table = typeof named === 'string' ? named : '';
      const resource = ON_NOTHING.has(operation) ? '*' : table.startsWith('arn:') ? table : tableArn(table);
      guardFor(caller, `dynamodb:${operation}`, authorize)(resource);
    } else {
      const touches = reader(request);
      if (touches.length === 0) throw new ServiceError('ValidationException', `${operation} names no item`);
      for (const touch of touches) judgeTouch(caller, touch);
    }
    return written(withTableNames(request));
  };
};
