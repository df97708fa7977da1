/** One row of a file, by lower-case column name, or what is wrong with it. `line` is where it starts, from 1. */
export type Row =
  | { readonly line: number; readonly fields: ReadonlyMap<string, unknown> }
  | { readonly line: number; readonly problem: string };

/** A row that was left out, and why. The problem never repeats the row's text. */
export interface Malformed {
  readonly line: number;
  readonly problem: string;
}
