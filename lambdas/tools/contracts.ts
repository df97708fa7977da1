import type { Tools } from '../core/provenance.ts';
import { jiraAssign, jiraGet, jiraRestoreComponents } from './jira/contract.ts';

/** Every tool's contract by its name. Schemas and pure functions only, so any step may have them. */
export const contracts: Tools = Object.fromEntries(
  [jiraGet, jiraAssign, jiraRestoreComponents].map((tool) => [tool.name, tool])
);
