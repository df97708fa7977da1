import { defineConfig } from 'vitest/config';

/** `npm run test:aws`: the suites that say what AWS does, against an account. See docs/testing-on-aws.md. */
export default defineConfig({
  test: {
    include: [
      'test/aws/**/*.aws.ts',
      'test/adapters/dynamodb/transact.behaviour.ts',
      'test/core/act/act.behaviour.ts',
      'test/core/steps/steps.behaviour.ts',
      'test/api/{tasks,reply,runs,controls}.behaviour.ts',
    ],
    globalSetup: 'test/aws/announce.ts',
    pool: 'forks',
    maxWorkers: 2, // tables are made and removed by each suite, and an account allows few at once
    testTimeout: 120_000,
    hookTimeout: 180_000,
  },
});
