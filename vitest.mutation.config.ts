import { defineConfig } from 'vitest/config';

/** The suites that say what these folders of core promise, for npm run mutation: the pure ones, and those of acting. */
export default defineConfig({
  test: {
    include: ['test/core/{act,audit,gate,limits}/**/*.test.ts', 'test/core/act/*.behaviour.ts'],
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
