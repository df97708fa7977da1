import type * as z from 'zod';

/** Which members do not fit, by path: values are somebody's data. Where a rule of our own is broken, in its words. */
export const pathsOf = ({ issues }: z.ZodError): string =>
  issues
    .map(({ path, code, message }) => `${path.join('.') || 'the whole'} (${code === 'custom' ? message : code})`)
    .join(', ');

/** Text as JSON of a shape, or what is wrong with it: no part of it. */
export const jsonOf = <T>(schema: z.ZodType<T>, text: string): { readonly value: T } | { readonly misfit: string } => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { misfit: 'no JSON' };
  }
  const parsed = schema.safeParse(value);
  return parsed.success ? { value: parsed.data } : { misfit: `JSON that does not fit: ${pathsOf(parsed.error)}` };
};
