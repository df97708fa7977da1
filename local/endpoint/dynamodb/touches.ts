import type { Keys } from '../../iam/authorize.ts';
import { isObject, type JsonObject } from '../../template/json.ts';
import { attributesIn, equalsIn, keyText } from './expression.ts';

/** What a request does to one table or index, by one IAM action. */
export interface Touch {
  /** Without the service's prefix. */
  readonly action: string;
  /** By name or ARN, as the request has it. */
  readonly table: string;
  readonly index: string | undefined;
  /** The values of the partition key, by its attribute; `undefined` where the action has none. */
  readonly leading: ((partitionKey: string) => readonly (string | undefined)[]) | undefined;
  /** Further condition keys. */
  readonly context: Keys;
}

const EXPRESSIONS = 'ProjectionExpression FilterExpression ConditionExpression UpdateExpression KeyConditionExpression';
const MAPS = 'Key Item Expected AttributeUpdates KeyConditions QueryFilter ScanFilter'.split(' ');

const objectAt = (object: JsonObject, name: string): JsonObject => {
  const value = object[name];
  return isObject(value) ? value : {};
};
const listAt = (object: JsonObject, name: string): readonly unknown[] => {
  const value = object[name];
  return Array.isArray(value) ? value : [];
};
const textAt = (object: JsonObject, name: string): string | undefined => {
  const value = object[name];
  return typeof value === 'string' ? value : undefined;
};

/** `dynamodb:Attributes`: every top-level attribute that a request names, keys included. */
const attributesOf = (request: JsonObject): readonly string[] => {
  const names = objectAt(request, 'ExpressionAttributeNames');
  const expressions = EXPRESSIONS.split(' ').map((field) => textAt(request, field) ?? '');
  const listed = listAt(request, 'AttributesToGet').filter((name) => typeof name === 'string');
  return [
    ...new Set([
      ...MAPS.flatMap((field) => Object.keys(objectAt(request, field))),
      ...listed,
      ...expressions.flatMap((expression) => attributesIn(expression, names)),
    ]),
  ];
};

const attributes = (requests: readonly JsonObject[]): Keys => {
  let known: readonly string[] | undefined;
  return {
    'dynamodb:Attributes': () => {
      known ??= [...new Set(requests.flatMap(attributesOf))];
      return known.length === 0 ? undefined : known;
    },
  };
};

const isNarrowed = (request: JsonObject): boolean =>
  request.ProjectionExpression !== undefined || request.AttributesToGet !== undefined;

const selectOf = (request: JsonObject): string => {
  const given = textAt(request, 'Select');
  if (given !== undefined) return given;
  if (isNarrowed(request)) return 'SPECIFIC_ATTRIBUTES';
  return request.IndexName === undefined ? 'ALL_ATTRIBUTES' : 'ALL_PROJECTED_ATTRIBUTES';
};

const consumed = (body: JsonObject): Keys => ({
  'dynamodb:ReturnConsumedCapacity': textAt(body, 'ReturnConsumedCapacity') ?? 'NONE',
});

const leadingOf =
  (items: readonly JsonObject[]): Touch['leading'] =>
  (partitionKey) =>
    items.map((item) => keyText(item[partitionKey]));

type Reader = (body: JsonObject) => readonly Touch[];

const one =
  (action: string, field: 'Key' | 'Item'): Reader =>
  (body) => {
    const extra =
      action === 'GetItem'
        ? { 'dynamodb:Select': selectOf(body) }
        : { 'dynamodb:ReturnValues': textAt(body, 'ReturnValues') ?? 'NONE' };
    return [
      {
        action,
        table: textAt(body, 'TableName') ?? '',
        index: undefined,
        leading: leadingOf([objectAt(body, field)]),
        context: { ...consumed(body), ...extra, ...attributes([body]) },
      },
    ];
  };

const search =
  (action: 'Query' | 'Scan'): Reader =>
  (body) => [
    {
      action,
      table: textAt(body, 'TableName') ?? '',
      index: textAt(body, 'IndexName'),
      leading: action === 'Scan' ? undefined : (partitionKey) => equalsOf(body, partitionKey),
      context: { ...consumed(body), 'dynamodb:Select': selectOf(body), ...attributes([body]) },
    },
  ];

/** The values that a Query gives its partition key, in either way of saying so; one that is not given is `undefined`. */
const equalsOf = (body: JsonObject, partitionKey: string): readonly (string | undefined)[] => {
  const condition = objectAt(objectAt(body, 'KeyConditions'), partitionKey);
  const listed = condition.ComparisonOperator === 'EQ' ? listAt(condition, 'AttributeValueList').map(keyText) : [];
  const expressed = equalsIn(
    textAt(body, 'KeyConditionExpression') ?? '',
    partitionKey,
    objectAt(body, 'ExpressionAttributeNames'),
    objectAt(body, 'ExpressionAttributeValues')
  );
  const found = [...listed, ...expressed];
  return found.length === 0 ? [undefined] : found;
};

const batchGet: Reader = (body) =>
  Object.entries(objectAt(body, 'RequestItems')).map(([table, given]) => {
    const request = isObject(given) ? given : {};
    const keys = listAt(request, 'Keys').map((key) => (isObject(key) ? key : {}));
    const parts = [request, ...keys.map((Key) => ({ Key }))];
    return {
      action: 'BatchGetItem',
      table,
      index: undefined,
      leading: leadingOf(keys),
      context: { ...consumed(body), 'dynamodb:Select': selectOf(request), ...attributes(parts) },
    };
  });

const batchWrite: Reader = (body) =>
  Object.entries(objectAt(body, 'RequestItems')).map(([table, given]) => {
    const requests = (Array.isArray(given) ? given : []).map((request: unknown) => (isObject(request) ? request : {}));
    const items = requests.flatMap((request) => [
      ...(request.PutRequest === undefined ? [] : [objectAt(objectAt(request, 'PutRequest'), 'Item')]),
      ...(request.DeleteRequest === undefined ? [] : [objectAt(objectAt(request, 'DeleteRequest'), 'Key')]),
    ]);
    const context = { ...consumed(body), ...attributes(items.map((Item) => ({ Item }))) };
    return { action: 'BatchWriteItem', table, index: undefined, leading: leadingOf(items), context };
  });

/** A transaction has no action of its own: each of its parts needs the one for what it does (Developer Guide, "Using IAM with transactions"). */
const PARTS = {
  TransactGetItems: { Get: ['GetItem', 'Key'] },
  TransactWriteItems: {
    ConditionCheck: ['ConditionCheckItem', 'Key'],
    Put: ['PutItem', 'Item'],
    Update: ['UpdateItem', 'Key'],
    Delete: ['DeleteItem', 'Key'],
  },
} as const;

const transaction =
  (operation: keyof typeof PARTS): Reader =>
  (body) => {
    const parts: Readonly<Record<string, readonly [string, string]>> = PARTS[operation];
    const found = listAt(body, 'TransactItems').flatMap((given) =>
      Object.entries(isObject(given) ? given : {}).flatMap(([kind, request]) => {
        const part = Object.hasOwn(parts, kind) ? parts[kind] : undefined;
        if (part === undefined) return [];
        const asked = isObject(request) ? request : {};
        return [{ action: part[0], table: textAt(asked, 'TableName') ?? '', item: objectAt(asked, part[1]), asked }];
      })
    );
    const groups = Map.groupBy(found, ({ action, table }) => JSON.stringify([action, table]));
    return [...groups.values()].flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const select = operation === 'TransactGetItems' ? { 'dynamodb:Select': selectOf(first.asked) } : {};
      return [
        {
          action: first.action,
          table: first.table,
          index: undefined,
          leading: leadingOf(group.map(({ item }) => item)),
          context: {
            'dynamodb:EnclosingOperation': operation,
            ...consumed(body),
            ...select,
            ...attributes(group.map(({ asked }) => asked)),
          },
        },
      ];
    });
  };

/** The operations on items that are understood here, each with what it touches. */
export const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ['GetItem', one('GetItem', 'Key')],
  ['PutItem', one('PutItem', 'Item')],
  ['UpdateItem', one('UpdateItem', 'Key')],
  ['DeleteItem', one('DeleteItem', 'Key')],
  ['Query', search('Query')],
  ['Scan', search('Scan')],
  ['BatchGetItem', batchGet],
  ['BatchWriteItem', batchWrite],
  ['TransactGetItems', transaction('TransactGetItems')],
  ['TransactWriteItems', transaction('TransactWriteItems')],
]);
