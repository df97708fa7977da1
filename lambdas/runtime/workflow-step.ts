import { randomBytes } from 'node:crypto';
import * as z from 'zod';
import { dynamoCounters } from '../adapters/dynamodb/counters.ts';
import { dynamoLedger } from '../adapters/dynamodb/ledger.ts';
import type { Purse } from '../core/steps/paid.ts';
import type { StepDeps } from '../core/steps/step.ts';
import { WorkflowRelease } from '../core/workflow.ts';
import { dynamo } from './clients.ts';
import { environment, jsonBesideBundle } from './environment.ts';
import { observe } from './observe.ts';

/** What every step of a workflow is given: its release, which lies beside its bundle, and the ledger. */
export const stepDeps = (): StepDeps => {
  const { STATE_TABLE, AUDIT_TABLE } = environment({ STATE_TABLE: z.string(), AUDIT_TABLE: z.string() });
  return {
    ledger: dynamoLedger(dynamo(), { state: STATE_TABLE, audit: AUDIT_TABLE }),
    release: jsonBesideBundle('workflow.json', WorkflowRelease),
    now: () => new Date(),
    traceId: observe.traceId,
  };
};

/** What a step is given that spends: the counters, and names for what it sets aside. */
export const purse = (): Purse => {
  const { STATE_TABLE } = environment({ STATE_TABLE: z.string() });
  return { counters: dynamoCounters(dynamo(), STATE_TABLE), newId: () => randomBytes(9).toString('base64url'), warn };
};

/** Tells whoever watches the budgets. */
export const warn: Purse['warn'] = ({ tenant, run }, { rule, atMost, used, asked }) =>
  observe.warn('a budget is nearly used', 'BudgetNearlyUsed', {
    tenant,
    run,
    rule,
    atMost,
    ...(used !== undefined && { used: used + asked }),
  });
