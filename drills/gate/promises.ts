import type { Evidence } from './evidence.ts';
import { brokenGuards } from './guards.ts';
import { approvalFaults } from './promises/approvals.ts';
import { effectFaults } from './promises/effects.ts';
import { type Kept, runFaults, writFaults } from './promises/runs.ts';
import { type Reservations, spendingFaults } from './promises/spending.ts';
import { undoFaults } from './promises/undo.ts';
import type { World } from './world.ts';

/*
 * What has to be so whatever has happened, judged by the tables and by what happened in the system: no answer of any step is asked.
 * The rules are written down once more here, from what is promised, not from how it is kept.
 */

/** What was seen before. */
export interface Seen extends Kept, Reservations {}

/** What was promised and is not so. Remembers what it sees. */
export const brokenPromises = (world: World, evidence: Evidence, seen: Seen): readonly string[] => [
  ...spendingFaults(world, evidence, seen),
  ...writFaults(evidence, seen),
  ...approvalFaults(world, evidence),
  ...undoFaults(evidence),
  ...runFaults(evidence, seen),
  ...effectFaults(world, evidence),
  ...brokenGuards(world, evidence),
];
