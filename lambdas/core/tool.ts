import type * as z from 'zod';
import type { Rate } from './limits/declared.ts';

/** Who can have written a field of a tool's answer: a system of record's own fields, or anybody. */
export type Trust = 'record' | 'untrusted';

interface Contract<Input extends z.ZodObject, Output extends z.ZodObject> {
  /** Such as `jira.assign`. */
  readonly name: string;
  /** The privilege boundary, such as `jira:write`. */
  readonly scope: string;
  readonly summary: string;
  readonly input: Input;
  readonly output: Output;
  /** How long one call to the system may take. The function's own time-out is longer, the state's longer still. */
  readonly timeoutSeconds: number;
  readonly example: { readonly input: z.infer<Input>; readonly output: z.infer<Output> };
}

/** A tool that changes nothing. Every field of its answer carries a trust, which decides the provenance it can give. */
export interface ReadTool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject>
  extends Contract<Input, Output> {
  readonly effect: 'read';
  readonly trust: { readonly [Field in keyof z.infer<Output>]: Trust };
  /**
   * For how long an answer may stand for the system's own, in seconds, also to other runs of the tenant: before a run's first action, and
   * never afterwards. Absent: for no time at all, as with everything that an action is decided, undone or verified by.
   */
  readonly cacheSeconds?: number;
}

type Seen = Readonly<Record<string, unknown>>;

/** How the effect of a write is reversed, from the record as `seenBy` saw it before the write. Pure functions only. */
export interface Undo<Input extends z.ZodObject = z.ZodObject> {
  /** The write tool, of the same scope, that restores what was there before. It may be the tool itself. */
  readonly by: string;
  /** What that tool is given; undefined where the record before does not tell, or is another one. */
  readonly restores: (input: z.infer<Input>, before: Seen) => Seen | undefined;
  /**
   * Whether a record that does not show the whole effect holds a part of it, and beside that only what was there before: so that
   * restoring it overwrites nobody else's work.
   */
  readonly partly: (input: z.infer<Input>, seen: { readonly before: Seen; readonly now: Seen }) => boolean;
  /** What `seenBy` is given to see the record again: ids alone, since it travels through Step Functions. */
  readonly seenWith: (input: z.infer<Input>) => Readonly<Record<string, string>>;
}

/** A tool that changes a customer's system, and says how its effect is seen afterwards. */
export interface WriteTool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject>
  extends Contract<Input, Output> {
  /** `idempotent`: the same call twice leaves the system as one call does. `once`: it does not. */
  readonly effect: 'idempotent' | 'once';
  /** The read tool that sees the effect. */
  readonly seenBy: string;
  /** Whether a record that `seenBy` returned shows the effect of a call with this input. */
  readonly shows: (input: z.infer<Input>, record: Readonly<Record<string, unknown>>) => boolean;
  /** How often it may be authorised for a tenant, all workflows together. */
  readonly rate: Rate;
  /** What one call costs, in whole micro-dollars: charged when it is authorised. Absent: nothing. */
  readonly costMicrousd?: (input: z.infer<Input>) => number;
  /** How its effect is reversed. What is `irreversible` is never done without asking a person. */
  readonly undo: 'irreversible' | Undo<Input>;
  /** The input with what must not reach the audit replaced. */
  readonly redact: (input: z.infer<Input>) => Readonly<Record<string, unknown>>;
}

export type Tool = ReadTool | WriteTool;

/** Declares a read tool. Once declared, its schema, its IAM scope, its sandbox and its labels derive from it. */
export const defineReadTool = <I extends z.ZodObject, O extends z.ZodObject>(
  tool: Omit<ReadTool<I, O>, 'effect'>
): ReadTool<I, O> => ({ ...tool, effect: 'read' });

/** Declares a write tool. */
export const defineWriteTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: WriteTool<I, O>): WriteTool<I, O> =>
  tool;
