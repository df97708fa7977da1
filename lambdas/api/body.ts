import { invalid, type Problem, problem } from './problem.ts';

/** How many bytes a body may have. */
export const BODY_LIMIT_BYTES = 65_536;

const isJson = (contentType: string | null): boolean => /^application\/json\s*(;|$)/i.test(contentType ?? '');

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** A member of this name is no member for schemas, which pass over it: it must not pass unseen. */
const hasReservedName = (value: unknown): boolean =>
  isObject(value) &&
  [value, ...Object.values(value)].some((each) => isObject(each) && Object.hasOwn(each, '__proto__'));

/** The JSON of a request's body. */
export const readBody = async (request: Request): Promise<{ readonly body: unknown } | Problem> => {
  if (!isJson(request.headers.get('content-type')))
    return problem('unsupported-media-type', 'Send the body as JSON, with the content type application/json.');
  const tooLarge = problem('body-too-large', `A body may have at most ${BODY_LIMIT_BYTES.toLocaleString('en')} bytes.`);
  if (Number(request.headers.get('content-length') ?? 0) > BODY_LIMIT_BYTES) return tooLarge;
  const bytes = await request.arrayBuffer();
  if (bytes.byteLength > BODY_LIMIT_BYTES) return tooLarge;
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    return hasReservedName(body)
      ? invalid([{ field: '__proto__', expected: 'nothing of this name', found: 'a member that is not known' }])
      : { body };
  } catch {
    return problem('malformed', 'The body must be one JSON value in UTF-8.');
  }
};
