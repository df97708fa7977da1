import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { Terminal } from '../core/errors.ts';

/** The variables that a function needs, parsed once per cold start. Throws `Terminal` with the names that are wrong. */
export const environment = <Shape extends z.ZodRawShape>(shape: Shape): z.infer<z.ZodObject<Shape>> => {
  const parsed = z.object(shape).safeParse(process.env);
  if (parsed.success) return parsed.data;
  const names = parsed.error.issues.map(({ path }) => path.join('.')).join(', ');
  throw new Terminal(`this function's environment is not as its construct sets it: ${names}`);
};

/** Where the function's files lie. */
export const root = process.env.LAMBDA_TASK_ROOT ?? '.';

/** A file that synthesis put beside the bundle. */
export const besideBundle = (file: string): Uint8Array => readFileSync(join(root, file));

/** A JSON file that synthesis put beside the bundle. */
export const jsonBesideBundle = <T>(file: string, schema: z.ZodType<T>): T => {
  const parsed = schema.safeParse(JSON.parse(Buffer.from(besideBundle(file)).toString('utf8')));
  if (parsed.success) return parsed.data;
  throw new Terminal(`${file} is not what this bundle expects: ${z.prettifyError(parsed.error)}`);
};
