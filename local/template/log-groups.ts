import type { LambdaFunction } from './functions.ts';
import * as properties from './properties.ts';
import type { Select } from './select.ts';

export interface LogGroup {
  readonly name: string;
  readonly retentionDays: number | undefined;
}

/** The log groups by name: the template's, and those that Lambda makes for functions that name none. */
export const logGroupsOf = (select: Select, functions: readonly LambdaFunction[]): readonly LogGroup[] => {
  const groups = new Map(functions.map(({ logGroup }) => [logGroup, undefined as number | undefined]));
  for (const { resource, properties: given } of select('AWS::Logs::LogGroup', properties.LogGroup))
    groups.set(resource.identity.ref, given.RetentionInDays);
  return Array.from(groups, ([name, retentionDays]) => ({ name, retentionDays })).sort((one, other) =>
    one.name < other.name ? -1 : 1
  );
};
