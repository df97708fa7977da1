import { shardOf } from '../../lambdas/core/gate/controls.ts';
import type { RunRef } from '../../lambdas/core/names.ts';
import { runIdOf } from '../../lambdas/core/tasks/run-id.ts';
import { WORKFLOWS, type Workflow } from './release.ts';

export const TENANTS = ['acme', 'umbra'] as const;
const SLOTS = 12;

/** One task of the drill, submitted or not. */
export interface Slot {
  readonly ref: RunRef;
  readonly key: string;
  readonly workflow: Workflow;
  /** The issue that its action is about: no two slots have the same. */
  readonly thing: string;
}

/** The run that is to undo another, the first time that an operator asks for it. */
const undoOf = ({ tenant, run }: RunRef): RunRef => ({ tenant, run: runIdOf(tenant, `undo\0${run}\0${0}`) });

/** The shards of controls that runs here look at: few, since each of them is written with every stop. */
const SHARDS = 4;
const isNear = (ref: RunRef): boolean => Number(shardOf(ref)) < SHARDS;
export const isLookedAt = (shard: string): boolean => Number(shard) < SHARDS;

const slotOf = (at: number): Slot => {
  const tenant = TENANTS[at % 2] ?? TENANTS[0];
  for (let tries = 0; ; tries += 1) {
    const key = `task-${at}-${tries}`;
    const ref = { tenant, run: runIdOf(tenant, key) };
    if (!isNear(ref) || !isNear(undoOf(ref))) continue;
    return {
      ref,
      key,
      workflow: WORKFLOWS[Math.floor(at / 2) % WORKFLOWS.length] ?? WORKFLOWS[0],
      thing: `OPS-${at + 1}`,
    };
  }
};
export const ALL_SLOTS: readonly Slot[] = Array.from({ length: SLOTS }, (_, at) => slotOf(at));
