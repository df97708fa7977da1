import { homeOf } from '../../core/gate/controls.ts';
import type { RunRef } from '../../core/names.ts';
import { Claim, type Executing } from '../../core/records.ts';
import { Run } from '../../core/run.ts';
import { BY_TENANT, EXECUTING_SHARDS, partition, prefix } from '../../core/tables.ts';
import { contentOf } from './content.ts';
import { keys } from './keys.ts';
import { type Key, queryAll, type Table } from './table.ts';

/** What lists a claim in the index while it is executing. */
export const executingKey = (ref: RunRef, { startedAt }: Claim) => ({
  gsi1pk: partition.executing(homeOf(ref, EXECUTING_SHARDS)),
  gsi1sk: startedAt,
});

/** What a claim's partition names: `CLAIM#scope#tenant#run`. No name has a `#`. */
const placeOf = ({ pk }: Key) => {
  const [, scope = '', tenant = '', run = ''] = pk.split('#');
  return { scope, tenant, run };
};

/** The claims that the index lists, as far as they still are executing when they are read, with strong consistency. */
export const executingClaims = async (state: Table): Promise<readonly Executing[]> => {
  const shards = Array.from({ length: EXECUTING_SHARDS }, (_, shard) =>
    queryAll(state, { index: BY_TENANT, partition: partition.executing(shard) })
  );
  // an entry's key is its claim's own, which only the scope's function can write
  const entries = (await Promise.all(shards)).flat().filter(({ pk }) => pk.startsWith(prefix.claims));
  const runs = new Map(entries.map((entry) => [keys.run(placeOf(entry)).pk, keys.run(placeOf(entry))]));
  const items = new Map(
    (await state.getAll([...entries, ...runs.values()])).map((item) => [`${item.pk}/${item.sk}`, item])
  );
  return entries
    .flatMap(({ pk, sk }): Executing[] => {
      const place = placeOf({ pk, sk });
      const [claimItem, runItem] = [items.get(`${pk}/${sk}`), items.get(`${keys.run(place).pk}/${keys.run(place).sk}`)];
      if (claimItem === undefined || runItem === undefined) return [];
      const { status, startedAt, leaseUntil } = contentOf(Claim, claimItem);
      if (status !== 'executing') return [];
      const { workflow } = contentOf(Run, runItem);
      return [{ ...place, workflow, action: Number(sk), since: startedAt, leaseUntil }];
    })
    .toSorted((one, other) => one.since.localeCompare(other.since));
};
