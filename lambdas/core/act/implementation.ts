import type * as z from 'zod';
import type { ReadTool, WriteTool } from '../tool.ts';

/** What a read tool does. The input has passed the contract's schema; the answer keeps to the contract. */
export interface ReadImplementation<
  Client,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
> {
  readonly contract: ReadTool<Input, Output>;
  /** Fails with `Retryable` or `Terminal` only: a read leaves nothing behind that could be in doubt. */
  readonly call: (client: Client, input: z.infer<Input>, signal: AbortSignal) => Promise<z.infer<Output>>;
  /**
   * Whether somebody changed again what the call with this marker changed, by the system's own history: also where it has the same value
   * again. What was undone since, by its mark, does not count. False where the history does not tell. Absent: the system keeps none, and
   * values alone are compared. Fails as `call` does.
   */
  readonly isChangedSince?: (
    client: Client,
    input: z.infer<Input>,
    signal: AbortSignal,
    options: { readonly marker: string }
  ) => Promise<boolean>;
}

/** What a write tool does, and how its effect is looked up. The input has passed the contract's schema. */
export interface WriteImplementation<
  Client,
  Input extends z.ZodObject = z.ZodObject,
  Output extends z.ZodObject = z.ZodObject,
> {
  readonly contract: WriteTool<Input, Output>;
  /**
   * Makes the change. Fails with `Retryable` or `Terminal` only where the system is unchanged, otherwise with `Uncertain`.
   * `marker` names the writ, `undoes` of an undo the call that it undoes; both are left with the change where the system can keep them.
   */
  readonly call: (
    client: Client,
    input: z.infer<Input>,
    signal: AbortSignal,
    options: { readonly marker: string; readonly undoes?: string | undefined }
  ) => Promise<z.infer<Output>>;
  /**
   * Whether the call took effect: the system shows it now, judged by the contract's `shows`, or has kept `marker` with a change that
   * somebody has changed again since. A tool that is `idempotent` is called again where neither is so: whoever cannot find
   * a marker again should not call it that. Fails as a read does.
   */
  readonly lookUp: (
    client: Client,
    input: z.infer<Input>,
    signal: AbortSignal,
    options: { readonly marker: string }
  ) => Promise<boolean>;
}

/** A system's side of its tools: what its secret holds, how a client is opened from it, and what each tool does. */
export interface System<Secret, Client> {
  readonly secret: z.ZodType<Secret>;
  /** Which system a secret leads to, and as whom: what it answers to one is not given to another. Nothing secret. */
  readonly account: (secret: Secret) => string;
  /** Opens nothing yet: the first call connects. */
  readonly connect: (secret: Secret) => Client;
  readonly reads: readonly ReadImplementation<Client>[];
  readonly writes: readonly WriteImplementation<Client>[];
}

/** Binds a read to its contract, so that a call which does not keep to it does not compile. */
export const implementRead = <Client, Input extends z.ZodObject, Output extends z.ZodObject>(
  implementation: ReadImplementation<Client, Input, Output>
): ReadImplementation<Client, Input, Output> => implementation;

/** Binds a write to its contract. */
export const implementWrite = <Client, Input extends z.ZodObject, Output extends z.ZodObject>(
  implementation: WriteImplementation<Client, Input, Output>
): WriteImplementation<Client, Input, Output> => implementation;
