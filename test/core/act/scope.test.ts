import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import type { ActDeps } from '../../../lambdas/core/act/act.ts';
import { implementRead } from '../../../lambdas/core/act/implementation.ts';
import { type ReadDeps, read } from '../../../lambdas/core/act/read.ts';
import { readScope, writeScope } from '../../../lambdas/core/act/scope.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import { Terminal } from '../../../lambdas/core/errors.ts';
import { jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aWrit } from '../../support/builders.ts';
import { keptParts } from '../../support/catalogue.ts';

const RUN = { tenant: 'acme', run: 'r-1' };
const ISSUE = { issueKey: 'OPS-1', summary: 'x', description: 'x', components: ['Network'], statusCategory: 'new' };

/** A read scope of two tools, which keeps nothing. */
const reading = () => {
  const asked: string[] = [];
  const kept: object[] = [];
  const tool = (contract: typeof jiraGet | ReturnType<typeof keptParts>, output: Readonly<Record<string, unknown>>) =>
    implementRead({
      contract: contract as typeof jiraGet,
      call: async () => {
        asked.push(contract.name);
        return output as never;
      },
    });
  const deps: ReadDeps<unknown> = {
    readings: {
      keep: async (_, made) => {
        kept.push(made);
        return { ref: 'ref', sha256: made.sha256 };
      },
      controls: async () => [],
    },
    scope: 'jira:read',
    reads: [
      tool(keptParts(), { parts: 'bolt', count: 1 }),
      tool(jiraGet, ISSUE),
    ] as unknown as ReadDeps<unknown>['reads'],
    open: async () => undefined,
    now: () => AT,
  };
  const reads = (name: string, input: unknown, about: { readonly action?: number } = {}) =>
    read(deps, RUN, { tool: name, call: 'before', input, workflow: 'ticket-triage', ...about });
  return { reads, asked, kept };
};

describe("a read scope's function", () => {
  it('calls the tool that is named, of those that it has', async () => {
    const { reads, asked, kept } = reading();
    expect(await reads(jiraGet.name, { issueKey: 'OPS-1' })).toMatchObject({ kind: 'read', ref: 'ref' });
    expect(asked).toEqual([jiraGet.name]);
    expect(kept).toStrictEqual([
      {
        tool: jiraGet.name,
        scope: 'jira:read',
        call: 'before',
        output: ISSUE,
        sha256: digestOf(ISSUE),
        at: AT.toISOString(),
      },
    ]);
  });

  it('asks the system each time where it has nowhere to keep what a contract lets it keep', async () => {
    const { reads, asked } = reading();
    const { name } = keptParts();
    await reads(name, { shelf: 's' });
    await reads(name, { shelf: 's' });
    expect(asked).toEqual([name, name]);
  });

  it.each([
    ['a tool that it has not', 'jira.close', { issueKey: 'OPS-1' }, 'scope jira:read has no tool jira.close'],
    ['input that the contract does not take', jiraGet.name, { issueKey: 1 }, 'the input does not fit jira.get'],
  ])('asks the system nothing for %s, and says why', async (_, name, input, message) => {
    const { reads, asked, kept } = reading();
    await expect(reads(name, input)).rejects.toThrow(new Terminal(message));
    if (name === jiraGet.name)
      await expect(reads(name, input)).rejects.toMatchObject({ cause: expect.any(z.core.$ZodError) });
    expect([asked, kept]).toEqual([[], []]);
  });
});

describe('what the functions of scopes answer', () => {
  const digest = 'a'.repeat(64);

  it('has the name that logs and traces have for it', () => {
    expect([readScope<undefined>().name, writeScope<undefined>().name]).toEqual(['read', 'act']);
  });

  it.each(['read', 'stopped'] as const)('%s, of a read, with where it lies', (kind) => {
    expect(readScope<undefined>().output.parse({ kind, ref: 'ref', sha256: digest })).toEqual({
      kind,
      ref: 'ref',
      sha256: digest,
    });
    expect(readScope<undefined>().output.safeParse({ kind, ref: 'ref', sha256: digest, output: {} }).success).toBe(
      false
    );
  });

  it.each(['done', 'not-done', 'in-doubt'] as const)('%s, of a write, and no more', (kind) => {
    expect(writeScope<undefined>().output.parse({ kind })).toEqual({ kind });
    expect(writeScope<undefined>().output.safeParse({ kind, output: {} }).success).toBe(false);
  });

  it('stopped, of a write, by which rules', () => {
    expect(writeScope<undefined>().output.parse({ kind: 'stopped', rules: ['STOPPED_GLOBAL'] }).kind).toBe('stopped');
    expect(writeScope<undefined>().output.safeParse({ kind: 'stopped' }).success).toBe(false);
  });

  it('nothing else', () => {
    expect(readScope<undefined>().output.safeParse({ kind: 'done', ref: 'ref', sha256: digest }).success).toBe(false);
    expect(writeScope<undefined>().output.safeParse({ kind: 'undone' }).success).toBe(false);
  });

  it.each(['act', 'reconcile'] as const)(
    '%s is an operation of a write scope, on a numbered action',
    async (operation) => {
      const { tenant, run } = aWrit();
      const input = { tenant, run, action: 1, operation };
      expect(writeScope<undefined>().input.safeParse(input).success).toBe(true);
      expect(writeScope<undefined>().input.safeParse({ ...input, action: 0 }).success).toBe(false);
      expect(writeScope<undefined>().input.safeParse({ ...input, operation: 'undo' }).success).toBe(false);
      const looks: ActDeps<undefined> = {
        claims: { look: async () => ({}) } as unknown as ActDeps<undefined>['claims'],
        writes: [],
        open: async () => undefined,
        now: () => AT,
      };
      await expect(writeScope<undefined>().run(looks, writeScope<undefined>().input.parse(input))).rejects.toThrow(
        `no writ authorises action 1 of run ${run}`
      );
    }
  );
});
