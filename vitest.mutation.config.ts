import { defineConfig } from 'vitest/config';

/** The suites that say what these folders of core promise, for npm run mutation: the pure ones, and those of steps on real tables. */
export default defineConfig({
  test: {
    include: [
      'test/core/{act,audit,cache,gate,limits}/**/*.test.ts',
      'test/core/{act,cache,limits,steps,undo}/*.behaviour.ts',
    ],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
