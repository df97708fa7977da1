import { existsSync, readFileSync } from 'node:fs';
import * as z from 'zod';
import { replaceFile } from '../files.ts';
import type { LambdaFunction } from '../template/functions.ts';
import type { FunctionPool } from './pool.ts';

/** `null`: what the template reserves has been taken back. */
const Kept = z.record(z.string(), z.int().min(0).nullable());

export interface Reservations {
  of(lambda: LambdaFunction): number | undefined;
  /** On disk when it returns; `undefined` reserves none. */
  set(lambda: LambdaFunction, concurrency: number | undefined): void;
}

const read = (file: string): z.infer<typeof Kept> => {
  if (!existsSync(file)) return {};
  try {
    return Kept.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (cause) {
    const remedy = 'remove it to go back to what the template reserves';
    throw new Error(`${file} should hold the reserved concurrency of functions as JSON and does not: ${remedy}`, {
      cause,
    });
  }
};

/**
 * The concurrency that is reserved for functions: what was set since holds before what the template says, from one start to the
 * next. So a function that was stopped stays stopped, as it does in an account whatever is deployed.
 */
export const openReservations = (
  file: string,
  functions: readonly LambdaFunction[],
  pool: Pick<FunctionPool, 'reserve'>
): Reservations => {
  let kept = read(file);
  const of: Reservations['of'] = ({ name, concurrency }) => {
    const set = kept[name];
    return set === undefined ? concurrency : (set ?? undefined);
  };
  for (const lambda of functions) pool.reserve(lambda.name, of(lambda));
  return {
    of,
    set: (lambda, concurrency) => {
      kept = { ...kept, [lambda.name]: concurrency ?? null };
      replaceFile(file, JSON.stringify(kept));
      pool.reserve(lambda.name, concurrency);
    },
  };
};
