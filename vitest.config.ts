import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts', 'test/**/*.behaviour.ts'],
    globalSetup: 'test/support/announce.ts',
    pool: 'forks',
    // by default one core is left idle, which on two is half of them
    maxWorkers: '100%',
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
