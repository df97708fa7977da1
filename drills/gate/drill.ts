import fc from 'fast-check';
import { happenings } from './commands.ts';
import { evidenceOf } from './evidence.ts';
import { brokenPromises } from './promises.ts';
import { aModel } from './steps.ts';
import type { Database } from './tables.ts';
import { type Tally, tallied } from './tally.ts';
import { aWorld } from './world.ts';

export interface DrillOptions {
  readonly database: Database;
  /** At least so many things happen. */
  readonly commands: number;
  readonly seed: number;
  /** Where several drill at once, every how many-th world is this one's, from its own seed on. */
  readonly every?: number;
  readonly say?: (line: string) => void;
  /** Whether to end before all has happened. */
  readonly isEnough?: () => boolean;
}

export interface DrillReport {
  /** How much has happened. */
  readonly commands: number;
  readonly worlds: number;
  readonly tally: Tally;
  /** Of the world where something does not hold, or of the last one. */
  readonly seed: number;
  /** What does not hold, and the shortest way there that was found. */
  readonly violation?: string;
}

/** How long a failure is made smaller. */
const SHRINK_MS = 30_000;
const SAY_EVERY = 1_000;

/**
 * Lets things happen in one world after another, each with a seed of its own that follows the one before, until enough have
 * happened or something does not hold. A world with the same seed has the same things happen in the same order; what happens at
 * the same moment is in no order.
 */
export const drill = async ({
  database,
  commands,
  seed,
  every = 1,
  say = () => {},
  isEnough = () => false,
}: DrillOptions): Promise<DrillReport> => {
  let [done, worlds] = [0, 0];
  const tally: Tally = new Map();
  let failedMs: number | undefined;
  const stray: unknown[] = [];
  const note = (reason: unknown): void => void stray.push(reason);
  process.on('unhandledRejection', note);
  const property = fc.asyncProperty(happenings, async (these) => {
    if (failedMs !== undefined && performance.now() - failedMs > SHRINK_MS) return; // small enough
    const tables = await database.tables();
    try {
      const model = aModel();
      const world = aWorld(tables);
      await fc.asyncModelRun(() => ({ model, real: world }), these);
      const evidence = evidenceOf(await tables.everything());
      const unheard = stray.splice(0).map((reason) => `something failed that nobody waited for: ${String(reason)}`);
      const broken = [...unheard, ...brokenPromises(world, evidence, model)];
      if (broken.length > 0) throw new Error(broken.join('\n'));
      tallied(tally, world, evidence);
      if (failedMs === undefined) done += [...these].length;
    } catch (error) {
      failedMs ??= performance.now();
      throw error;
    } finally {
      await tables.drop();
    }
  });
  try {
    while (done < commands && !isEnough()) {
      const own = seed + worlds * every;
      worlds += 1;
      const before = done;
      const result = await fc.check(property, { seed: own, numRuns: 1, unbiased: true });
      if (result.failed) {
        const error =
          result.errorInstance instanceof Error ? result.errorInstance.message : String(result.errorInstance);
        const steps = String(result.counterexample?.[0]).replaceAll(/,(?! )/g, '\n  ');
        const violation = `${error}\nin the world of seed ${own}, after:\n  ${steps}`;
        return { commands: done, worlds, tally, seed: own, violation };
      }
      if (Math.floor(done / SAY_EVERY) > Math.floor(before / SAY_EVERY))
        say(`${done} of ${commands}, ${worlds} worlds`);
    }
    return { commands: done, worlds, tally, seed: seed + (worlds - 1) * every };
  } finally {
    process.off('unhandledRejection', note);
  }
};
