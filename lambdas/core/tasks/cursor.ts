import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { RunId } from '../names.ts';
import type { Position } from './ports.ts';

const Cursor = z.tuple([z.iso.datetime(), RunId, z.string()]);

/** Ties a place in a list to the tenant whose list it is. Not a secret: it finds mistakes, the tenant's own index keeps others out. */
const seal = (tenant: string, { createdAt, run }: Position): string => digestOf([tenant, createdAt, run]).slice(0, 16);

/** A place in a tenant's list of runs as opaque text. */
export const cursorOf = (tenant: string, position: Position): string =>
  Buffer.from([position.createdAt, position.run, seal(tenant, position)].join(' ')).toString('base64url');

/** The place that a cursor of this tenant's list names, or undefined where it is none. */
export const positionOf = (tenant: string, cursor: string): Position | undefined => {
  const parsed = Cursor.safeParse(Buffer.from(cursor, 'base64url').toString('utf8').split(' '));
  if (!parsed.success) return undefined;
  const [createdAt, run] = parsed.data;
  const position = { createdAt, run };
  return cursorOf(tenant, position) === cursor ? position : undefined; // seal and spelling alike
};
