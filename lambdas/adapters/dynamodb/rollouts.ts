import * as z from 'zod';
import { GENESIS, Head, headOf } from '../../core/audit/record.ts';
import { homeOf } from '../../core/gate/controls.ts';
import type { RunRef } from '../../core/names.ts';
import type { Observation } from '../../core/releases/compare.ts';
import { type Arm, type Canary, Rollout, type Sample } from '../../core/releases/rollout.ts';
import { Run } from '../../core/run.ts';
import { chainKey, counted, partition, SAMPLE_SHARDS } from '../../core/tables.ts';
import { type Rollouts, rolloutSubject } from '../../core/tasks/releases.ts';
import { chainIn } from './chains.ts';
import type { Connection } from './connection.ts';
import { contentOf, expiresAt, unknownHere } from './content.ts';
import { countersAmong } from './counters.ts';
import { headKey } from './heads.ts';
import { keys } from './keys.ts';
import { dynamoTable, type Item, type Table } from './table.ts';
import { transact, write } from './transact.ts';

const Kept = z.object({ content: Rollout, head: Head });

const keyOf = (workflow: string) => ({ pk: partition.rollout(workflow), sk: 'rollout' });

/** What makes a run count in a canary's comparison. Written with the run, so there is none without it. */
export const sampleItem = (ref: RunRef & { readonly createdAt: string }, { arm, ...canary }: Sample): Item => ({
  pk: partition.sample(canary, homeOf(ref, SAMPLE_SHARDS)),
  sk: `${arm}#${ref.createdAt}#${ref.tenant}#${ref.run}`,
  expiresAt: expiresAt(new Date(ref.createdAt)),
});

/** More than the last look needs of each shard, give or take chance. */
const MOST_OF_A_SHARD = 250;

const refsIn = async (state: Table, canary: Canary, arm: Arm) => {
  const shards = Array.from({ length: SAMPLE_SHARDS }, (_, shard) =>
    state.query({ partition: partition.sample(canary, shard), startsWith: `${arm}#`, limit: MOST_OF_A_SHARD })
  );
  return (await Promise.all(shards))
    .flatMap(({ items }) => items)
    .map(({ sk }) => {
      const [, createdAt = '', tenant = '', run = ''] = sk.split('#');
      return { createdAt, tenant, run };
    })
    .toSorted((a, b) => `${a.createdAt}#${a.run}`.localeCompare(`${b.createdAt}#${b.run}`));
};

const spentBy = (ref: RunRef) => ({ subject: counted.byRun(ref), window: 'run', shard: 0 });

const observedIn = async (state: Table, canary: Canary, arm: Arm): Promise<readonly Observation[]> => {
  const refs = await refsIn(state, canary, arm);
  const wanted = refs.flatMap((ref) => [keys.run(ref), keys.counter(spentBy(ref))]);
  const items = await state.getAll(wanted);
  const runs = new Map(items.map((item) => [item.pk, item]));
  const spent = new Map(countersAmong(items, refs.map(spentBy)).map(({ subject, used }) => [subject, used]));
  return refs.flatMap((ref) => {
    const item = runs.get(keys.run(ref).pk);
    return item ? [{ run: contentOf(Run, item), costMicrousd: spent.get(counted.byRun(ref)) ?? 0 }] : [];
  });
};

/** Rollouts on DynamoDB. */
export const dynamoRollouts = (
  connection: Connection,
  names: { readonly state: string; readonly audit: string }
): Rollouts => {
  const state = dynamoTable(connection, names.state);
  const audit = dynamoTable(connection, names.audit);
  return {
    async of(workflow) {
      const item = await state.get(keyOf(workflow));
      if (item === undefined) return { head: GENESIS };
      const kept = Kept.safeParse(item);
      if (!kept.success) throw unknownHere(`the rollout of ${workflow}`, kept.error);
      return { rollout: kept.data.content, head: kept.data.head };
    },

    async set(rollout, { head, rollout: before }, record) {
      const item = { ...keyOf(rollout.workflow), content: rollout, head: headOf(record) };
      const chainOf = chainKey.control(rolloutSubject(rollout.workflow));
      const failed = await transact(connection, [
        {
          refusal: 'overtaken',
          write: write.putIf(
            state.name,
            item,
            before === undefined
              ? { condition: 'attribute_not_exists(pk)' }
              : {
                  condition: '#head.#hash = :hash',
                  names: { '#head': 'head', '#hash': 'hash' },
                  values: { ':hash': head.hash },
                }
          ),
        },
        {
          refusal: 'overtaken',
          write: write.putOnce(audit.name, {
            ...keys.audit(chainOf, record.seq),
            ...headKey(chainOf, record), // between two changes it rests
            content: record,
          }),
        },
      ]);
      return failed === undefined;
    },

    chain: (workflow) => chainIn(audit, chainKey.control(rolloutSubject(workflow))),

    async observed(canary) {
      const [stable, candidate] = await Promise.all([
        observedIn(state, canary, 'stable'),
        observedIn(state, canary, 'candidate'),
      ]);
      return { stable, candidate };
    },
  };
};
