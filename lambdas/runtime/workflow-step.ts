import * as z from 'zod';
import { dynamoLedger } from '../adapters/dynamodb/ledger.ts';
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
