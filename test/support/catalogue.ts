import * as z from 'zod';
import { defineReadTool } from '../../lambdas/core/tool.ts';

const PARTS = {
  name: 'catalogue.parts',
  scope: 'catalogue:read',
  summary: 'The parts that a shelf has.',
  input: z.strictObject({ shelf: z.string() }),
  output: z.strictObject({ parts: z.string(), count: z.int() }),
  trust: { parts: 'record', count: 'record' },
  timeoutSeconds: 10,
  example: { input: { shelf: 'a' }, output: { parts: 'bolt', count: 1 } },
} as const;

/** The parts of a catalogue, which change about once a year: its contract says for how long an answer holds. */
export const keptParts = (cacheSeconds = 3_600) => defineReadTool({ ...PARTS, cacheSeconds });

/** The same, always asked. */
export const freshParts = defineReadTool(PARTS);
