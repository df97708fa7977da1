import type { States } from '../../states/service.ts';
import type { StateMachine } from '../../template/machines.ts';
import type { JsonService } from '../operation.ts';
import { executionOperations } from './executions.ts';
import { machineOperations } from './machines.ts';
import { tokenOperations } from './tokens.ts';

/** Step Functions: executions, task tokens, and what the template's state machines are. */
export const statesService = (states: States, machines: readonly StateMachine[], startedAt: number): JsonService => ({
  iamPrefix: 'states',
  version: '1.0',
  anonymous: new Set(),
  operations: {
    ...executionOperations(states),
    ...tokenOperations(states),
    ...machineOperations(states, machines, startedAt),
  },
});
