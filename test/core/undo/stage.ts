import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest';
import { type Dynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { openSandbox, type Sandbox } from '../../tools/jira/sandboxed.ts';

/** Tables for all tests of a suite, and a Jira for each: there from the first hook on. */
export const aStage = () => {
  const stage = {} as { dynoxide: Dynoxide; sandbox: Sandbox };
  beforeAll(async () => {
    stage.dynoxide = await startDynoxide();
  });
  afterAll(() => stage.dynoxide.stop());
  beforeEach(async () => {
    stage.sandbox = await openSandbox();
  });
  afterEach(() => stage.sandbox.close());
  return stage;
};
