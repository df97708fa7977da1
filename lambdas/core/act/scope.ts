import * as z from 'zod';
import { Digest, RuleId, RunId, Tenant, ToolName, WorkflowName } from '../names.ts';
import { ReadingCall } from '../records.ts';
import { defineStep } from '../steps/step.ts';
import { type ActDeps, act } from './act.ts';
import { type ReadDeps, read } from './read.ts';
import { reconcile } from './reconcile.ts';

/** What a read scope's function serves. */
export const readScope = <Client>() =>
  defineStep({
    name: 'read',
    input: z.strictObject({
      tenant: Tenant,
      run: RunId,
      workflow: WorkflowName,
      call: ReadingCall,
      action: z.int().positive().optional(),
      round: z.int().min(2).optional(),
      tool: ToolName,
      input: z.record(z.string(), z.unknown()),
      marker: z.string().min(1).max(100).optional(),
    }),
    output: z.strictObject({ kind: z.enum(['read', 'stopped']), ref: z.string(), sha256: Digest }),
    run: (deps: ReadDeps<Client>, { tenant, run, ...request }) => read(deps, { tenant, run }, request),
  });

/** What a write scope's function serves: `act` uses a writ, `reconcile` finds out what became of it. */
export const writeScope = <Client>() =>
  defineStep({
    name: 'act',
    input: z.strictObject({
      tenant: Tenant,
      run: RunId,
      action: z.int().positive(),
      operation: z.enum(['act', 'reconcile']),
    }),
    output: z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.enum(['done', 'not-done', 'in-doubt']) }),
      z.strictObject({ kind: z.literal('stopped'), rules: z.array(RuleId).readonly() }),
    ]),
    run: (deps: ActDeps<Client>, { tenant, run, action, operation }) =>
      operation === 'act' ? act(deps, { tenant, run }, action) : reconcile(deps, { tenant, run }, action),
  });
