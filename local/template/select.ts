import * as z from 'zod';
import type { Resource } from './resources.ts';

export interface Parsed<T> {
  readonly resource: Resource;
  readonly properties: T;
}

/** All resources of one type, their properties checked. */
export type Select = <T>(type: string, schema: z.ZodType<T>) => readonly Parsed<T>[];

export const selectFrom =
  (resources: readonly Resource[]): Select =>
  (type, schema) =>
    resources
      .filter((resource) => resource.type === type)
      .map((resource) => {
        const parsed = schema.safeParse(resource.properties);
        if (parsed.success) return { resource, properties: parsed.data };
        throw new Error(`${resource.at} (${type}) is not what runs locally:\n${z.prettifyError(parsed.error)}`);
      });

export const arnOf = ({ identity: { attributes } }: Resource): string => String(attributes.Arn);
