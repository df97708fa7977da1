import * as z from 'zod';
import type { Json, JsonObject } from '../template/json.ts';

const JsonValue = z.json() as z.ZodType<Json>;
const After = z.number().min(0).optional();

/** What a function does when it is called. `after`: how many seconds it takes. */
const Answer = z.union(
  [
    z.strictObject({ return: JsonValue, after: After }),
    z.strictObject({ throw: z.string().min(1), message: z.string().optional(), after: After }),
    z.strictObject({ hang: z.literal(true) }),
  ],
  'expected {"return": …}, {"throw": "Name", "message": "…"} or {"hang": true}'
);
export type Answer = z.infer<typeof Answer>;

/** What happens to a task token. `after`: so many seconds after the call, or after the heartbeat before. */
const Callback = z.union(
  [
    z.strictObject({ success: JsonValue, after: After }),
    z.strictObject({ failure: z.string(), cause: z.string().optional(), after: After }),
    z.strictObject({ heartbeat: JsonValue, after: After }),
    z.strictObject({ hang: z.literal(true) }),
  ],
  'expected {"success": …}, {"failure": "Name", "cause": "…"}, {"heartbeat": true} or {"hang": true}'
);
export type Callback = z.infer<typeof Callback>;

const oneOrMore = <T extends z.ZodType>(entry: T) =>
  z.preprocess((value) => (Array.isArray(value) ? value : [value]), z.array(entry));

const Call = z.strictObject({ fn: z.string(), payload: JsonValue.optional() });

export const Expected = z.strictObject({
  status: z.string().optional(),
  output: JsonValue.optional(),
  /** Objects in it may lack what was found besides. */
  outputIncludes: JsonValue.optional(),
  /** `null`: there is none. */
  error: z.string().nullable().optional(),
  cause: z.string().nullable().optional(),
  causeIncludes: z.union([z.string(), z.array(z.string())]).optional(),
  calls: z.array(Call).optional(),
  entered: z.array(z.string()).optional(),
});
export type Expected = z.infer<typeof Expected>;

const Doc = z.union([z.string(), z.array(z.string())]);

/** A state machine, its input, and what answers it. */
const Case = z.strictObject({
  name: z.string().min(1),
  asl: z.record(z.string(), JsonValue).optional() as z.ZodOptional<z.ZodType<JsonObject>>,
  input: JsonValue.default({}),
  lambda: z
    .record(
      z.string(),
      oneOrMore(Answer).refine((answers) => answers.length > 0, 'expected at least one answer')
    )
    .default({}),
  callbacks: z.record(z.string(), oneOrMore(Callback)).default({}),
  /** The sentence of AWS's documentation that the case stands for, and its page. */
  doc: Doc.optional(),
  expect: Expected.optional(),
});

export interface Case extends z.infer<typeof Case> {
  readonly asl: JsonObject;
}

/** A case that was understood, or the reason why it cannot be run; and what of it was not understood although it can. */
export interface ReadCase {
  readonly name: string;
  readonly case: Case | undefined;
  readonly problems: readonly string[];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a case can be run without. */
const BESIDES: ReadonlySet<PropertyKey | undefined> = new Set(['doc', 'expect']);

const describe = ({ path, message }: z.core.$ZodIssue): string =>
  path.length === 0
    ? message
    : `${path
        .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
        .join('')
        .slice(1)}: ${message}`;

const readCase = (value: unknown, at: number, given: JsonObject | undefined): ReadCase => {
  const fields = isRecord(value) ? { ...value } : undefined;
  const name = typeof fields?.name === 'string' ? fields.name : `case ${at + 1}`;
  const unreadable = (problem: string): ReadCase => ({ name, case: undefined, problems: [problem] });
  if (fields === undefined)
    return unreadable(value === undefined ? 'not JSON' : 'expected an object with name and asl');
  try {
    return readFields(name, fields, given);
  } catch (error) {
    if (error instanceof RangeError) return unreadable('expected no JSON nested as deep as this');
    throw error;
  }
};

const readFields = (name: string, fields: Record<string, unknown>, given: JsonObject | undefined): ReadCase => {
  const issues = Case.safeParse(fields).error?.issues ?? [];
  // what is only beside the point is left out, and told of
  for (const issue of issues) {
    if (issue.code === 'unrecognized_keys' && issue.path.length === 0)
      for (const key of issue.keys) Reflect.deleteProperty(fields, key);
    else if (BESIDES.has(issue.path[0])) Reflect.deleteProperty(fields, String(issue.path[0]));
  }
  const { data } = Case.safeParse(fields);
  const asl = data?.asl ?? given;
  const problems = issues.map(describe);
  if (data === undefined) return { name, case: undefined, problems };
  if (asl === undefined)
    return { name, case: undefined, problems: [...problems, 'asl: expected a definition, or --machine NAME'] };
  return { name, case: { ...data, asl }, problems };
};

/** The cases of a file, and what of the file itself was not understood. */
export interface CaseFile {
  readonly cases: readonly ReadCase[];
  readonly problems: readonly string[];
}

/** What a file may say once for all its cases. A case's own input or definition goes before it, and its own script of a function. */
const Shared = z
  .strictObject({
    cases: z.array(z.unknown()),
    asl: z.unknown(),
    input: z.unknown(),
    lambda: z.record(z.string(), z.unknown()).default({}),
    callbacks: z.record(z.string(), z.unknown()).default({}),
  })
  .partial({ asl: true, input: true });

const withShared = ({ lambda, callbacks, ...shared }: Omit<z.infer<typeof Shared>, 'cases'>, own: unknown): unknown => {
  if (!isRecord(own)) return own;
  const merged = (common: Readonly<Record<string, unknown>>, ofCase: unknown): unknown =>
    ofCase === undefined ? common : isRecord(ofCase) ? { ...common, ...ofCase } : ofCase;
  return { ...shared, ...own, lambda: merged(lambda, own.lambda), callbacks: merged(callbacks, own.callbacks) };
};

/** Of JSON Lines, where one line that is no JSON must not keep the others from being run. */
const parsed = (line: string): unknown => {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
};

/**
 * Reads a file: an array of cases, an object with `cases` and what they share, one case, or JSON Lines. `given` is the state
 * machine of cases that bring none. Throws an `Error` where the text is none of these.
 */
export const readCases = (text: string, given?: JsonObject): CaseFile => {
  const read = (values: readonly unknown[], problems: readonly string[] = []): CaseFile => ({
    cases: values.map((value, at) => readCase(value, at, given)),
    problems,
  });
  let whole: unknown;
  try {
    whole = JSON.parse(text.replace(/^\uFEFF/, '')); // some editors begin a file with a mark
  } catch (cause) {
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length < 2) throw new Error(`not JSON: ${cause instanceof Error ? cause.message : ''}`);
    return read(lines.map(parsed));
  }
  if (Array.isArray(whole)) return read(whole);
  if (!isRecord(whole) || !('cases' in whole)) return read([whole]);
  const problems = Shared.safeParse(whole).error?.issues.map(describe) ?? [];
  const known = Object.fromEntries(Object.entries(whole).filter(([key]) => key in Shared.shape));
  const { data } = Shared.safeParse(known);
  if (data === undefined) throw new Error(problems.join('; '));
  const { cases, ...shared } = data;
  return read(
    cases.map((own) => withShared(shared, own)),
    problems
  );
};
