import { CONTENT_RETENTION_DAYS } from '../lambdas/core/tables.ts';
import type { WorkflowDefinition } from '../statemachines/definition.ts';

const MOST_SECONDS = CONTENT_RETENTION_DAYS * 86_400;

/**
 * Throws a TypeError for a read tool whose answers may be given again though an action is undone or verified by them, and for one whose
 * answers are to be kept for no time that content may be: an old record would be restored, or taken for what stands there now.
 */
export const assertFresh = ({ name, tools }: Pick<WorkflowDefinition, 'name' | 'tools'>): void => {
  const seers = new Set(tools.flatMap((tool) => (tool.effect === 'read' ? [] : tool.seenBy)));
  for (const tool of tools) {
    if (tool.effect !== 'read' || tool.cacheSeconds === undefined) continue;
    if (seers.has(tool.name))
      throw new TypeError(
        `${name}: ${tool.name} sees what an action did, so its answers are never given again: expected no cacheSeconds`
      );
    const isTime = Number.isInteger(tool.cacheSeconds) && tool.cacheSeconds >= 1 && tool.cacheSeconds <= MOST_SECONDS;
    if (!isTime)
      throw new TypeError(
        `${name}: cacheSeconds of ${tool.name} is ${tool.cacheSeconds}: expected a whole number from 1 to ${MOST_SECONDS}, or none`
      );
  }
};
