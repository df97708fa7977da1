import type { WorkflowDefinition } from './definition.ts';
import { ticketTriage } from './ticket-triage/workflow.ts';

/** Every workflow that is deployed. */
export const workflows: readonly WorkflowDefinition[] = [ticketTriage];
