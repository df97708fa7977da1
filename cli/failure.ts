/** 1: what was asked did not succeed. 2: it was asked wrongly, so nothing was tried. */
export type ExitCode = 1 | 2;

/** Something a person at the terminal can act on: its message is printed as it is, without a stack. */
export class Failure extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, options: { readonly exitCode?: ExitCode; readonly cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** A wrong argument or a file that cannot be used. */
export const usage = (message: string): Failure => new Failure(message, { exitCode: 2 });

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
