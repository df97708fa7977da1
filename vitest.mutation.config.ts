import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Suites that take seconds: the last to be asked about a mutant, which a quicker one may have found by then. */
const SLOW = /(spending|limits|approvals|undo\/\w+|api\/\w+)\.behaviour\.ts$/;
/** Suites that look for what nobody thought of, by chance or by trying all there is: too slow to be asked of each mutant. */
const SEARCHING = ['test/core/**/*-{model,matrix}.behaviour.ts'];
const rank = ({ moduleId }: TestSpecification): number =>
  moduleId.endsWith('.test.ts') ? 0 : SLOW.test(moduleId) ? 2 : 1;

class QuickFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return files.toSorted((a, b) => rank(a) - rank(b));
  }
}

/** The suites that say what these folders of core promise, for npm run mutation: the pure ones, and those of steps on real tables. */
export default defineConfig({
  test: {
    include: [
      'test/core/{act,audit,cache,gate,limits,steps,tasks}/**/*.test.ts',
      'test/core/{act,cache,limits,steps,undo}/*.behaviour.ts',
      'test/api/{approvals,controls,relaxing,reply,runs,stops,tasks,why}.behaviour.ts',
    ],
    exclude: SEARCHING,
    sequence: { sequencer: QuickFirst },
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
