import type fc from 'fast-check';

export type Doing<Model, Real> = (model: Model, real: Real) => Promise<void>;

/** Something that happens to a real world and to what is remembered of it, after which everything has to hold. */
export class Happening<Model extends object, Real> implements fc.AsyncCommand<Model, Real> {
  readonly what: string;
  readonly doing: Doing<Model, Real>;
  readonly #holds: Doing<Model, Real>;
  constructor(what: string, doing: Doing<Model, Real>, holds: Doing<Model, Real>) {
    this.what = what;
    this.doing = doing;
    this.#holds = holds;
  }
  check(): boolean {
    return true;
  }
  async run(model: Model, real: Real): Promise<void> {
    await this.doing(model, real);
    await this.#holds(model, real);
  }
  toString(): string {
    return this.what;
  }
}

/** All at the same moment. Ends with the last of them, and fails as the first that failed. */
export const atOnce = async (those: readonly Promise<void>[]): Promise<void> => {
  const all = await Promise.allSettled(those);
  const failed = all.find((each) => each.status === 'rejected');
  if (failed) throw failed.reason;
};
