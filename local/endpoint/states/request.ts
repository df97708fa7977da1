import * as z from 'zod';
import { StatesError } from '../../states/failure.ts';
import type { JsonObject } from '../../template/json.ts';
import { ServiceError } from '../exchange.ts';
import { type Operation, operation } from '../operation.ts';
import { pageOf } from '../paging.ts';

export const Arn = z.string().min(1).max(256);
export const ErrorText = z.string().max(256).optional();
export const Cause = z.string().max(32_768).optional();
export const IncludedData = z.enum(['ALL_DATA', 'METADATA_ONLY']).default('ALL_DATA');
export const Paging = { maxResults: z.int().min(0).max(1000).default(0), nextToken: z.string().optional() };

export const seconds = (milliseconds: number): number => milliseconds / 1000;

/** One page under the name that the operation gives to its list. */
export const pageAs = <T>(
  name: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  view: (item: T) => JsonObject,
  { maxResults, nextToken: token }: { readonly maxResults: number; readonly nextToken?: string | undefined }
): JsonObject => {
  const page = pageOf(items, keyOf, { limit: maxResults || 100, token }); // 0 stands for the default
  return { [name]: page.items.map(view), ...(page.next === undefined ? {} : { nextToken: page.next }) };
};

/** An operation whose misuse of the interpreter carries the names that Step Functions gives it. */
export const statesOperation = <Input>(
  schema: z.ZodType<Input>,
  resource: (input: Input) => string,
  act: (input: Input) => JsonObject | Promise<JsonObject>
): Operation =>
  operation(schema, resource, async (input) => {
    try {
      return await act(input);
    } catch (error) {
      if (error instanceof StatesError) throw new ServiceError(error.name, error.message);
      throw error;
    }
  });
