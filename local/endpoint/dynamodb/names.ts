import { isObject, type Json, type JsonObject } from '../../template/json.ts';

const TABLE = /^arn:[^:]*:dynamodb:[^:]*:[^:]*:table\/([^/]+)$/;

const nameIn = (value: string): string => TABLE.exec(value)?.[1] ?? value;

const named = (request: Json | undefined): Json | undefined =>
  isObject(request) && typeof request.TableName === 'string'
    ? { ...request, TableName: nameIn(request.TableName) }
    : request;

const mapped = (
  object: JsonObject,
  change: (key: string, value: Json | undefined) => readonly [string, Json | undefined]
) => Object.fromEntries(Object.entries(object).map(([key, value]) => change(key, value)));

/** A request with its tables by name, where it has their ARNs: not every database takes those. */
export const withTableNames = (request: JsonObject): JsonObject => {
  const { RequestItems, TransactItems } = request;
  const own = named(request);
  return {
    ...(isObject(own) ? own : request),
    ...(isObject(RequestItems) && { RequestItems: mapped(RequestItems, (table, asked) => [nameIn(table), asked]) }),
    ...(Array.isArray(TransactItems) && {
      TransactItems: TransactItems.map((item: Json) =>
        isObject(item) ? mapped(item, (kind, asked) => [kind, named(asked)]) : item
      ),
    }),
  };
};

const ARN = Buffer.from('arn:aws:dynamodb:');

/** The same for a body that is not read otherwise: most have no ARN, and are left as they are. */
export const bodyWithTableNames = (body: Buffer): Buffer => {
  if (!body.includes(ARN)) return body;
  try {
    const request: unknown = JSON.parse(body.toString('utf8'));
    return isObject(request) ? Buffer.from(JSON.stringify(withTableNames(request))) : body;
  } catch {
    return body; // the database says what is wrong with it
  }
};
