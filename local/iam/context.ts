/** One value of a condition key, or several, where the key may have several (as `aws:TagKeys`). */
export type Values = string | readonly string[];

/** The condition keys of one request. Names are asked for in lower case: AWS compares them without regard to case. */
export interface Context {
  get(key: string): Values | undefined;
  /** False where AWS would set the key and this machine cannot: then its absence says nothing. */
  isKnown(key: string): boolean;
}

/** Keys that may have several values, even where a request has one. */
export const SEVERAL: ReadonlySet<string> = new Set([
  'aws:calledvia',
  'aws:principalorgpaths',
  'aws:principalservicenameslist',
  'aws:resourceorgpaths',
  'aws:sourceorgpaths',
  'aws:tagkeys',
  'dynamodb:attributes',
  'dynamodb:leadingkeys',
  'kms:encryptioncontextkeys',
  'states:statemachinequalifier',
  'sts:transitivetagkeys',
]);

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Values as JSON gives them, in the form in which conditions compare them; `undefined` for none. */
export const valuesOf = (value: unknown): Values | undefined => {
  if (value === undefined || value === null) return undefined;
  return Array.isArray(value) ? value.map(textOf) : textOf(value);
};

/** A context of these keys and no others; every other key is absent. */
export const contextOf = (keys: Readonly<Record<string, unknown>>): Context => {
  const values = new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), valuesOf(value)]));
  return { get: (key) => values.get(key), isKnown: () => true };
};
