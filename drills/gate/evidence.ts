import * as z from 'zod';
import type { Item, Key } from '../../lambdas/adapters/dynamodb/table.ts';
import { AuditRecord, Head } from '../../lambdas/core/audit/record.ts';
import { ROOT } from '../../lambdas/core/gate/controls.ts';
import { Claim, Control, Writ } from '../../lambdas/core/records.ts';
import { Run } from '../../lambdas/core/run.ts';
import { prefix } from '../../lambdas/core/tables.ts';
import { itemsIn, type Tables } from './tables.ts';

/** What the tables say, and nothing else. */
export interface Evidence {
  readonly runs: readonly Run[];
  readonly writs: readonly { readonly key: Key; readonly writ: Writ }[];
  /** `of` is the writ that it should be of. */
  readonly claims: readonly { readonly key: Key; readonly claim: Claim; readonly of?: Writ | undefined }[];
  /** By subject and window, over all shards. */
  readonly used: ReadonlyMap<string, number>;
  readonly roots: readonly { readonly control?: Control | undefined; readonly subject: string; readonly head: Head }[];
  /** By partition. */
  readonly chains: ReadonlyMap<string, readonly AuditRecord[]>;
  /** Runs that lie among those handed to people. */
  readonly escalated: ReadonlySet<string>;
}

const COUNTERS = ['BUDGET#', 'RATE#', 'CAP#'];
const withoutShard = (pk: string): string => pk.slice(0, pk.lastIndexOf('#'));
const claimKeyOf = ({ pk, sk }: Key): string => `${pk.replace('WRIT#', 'CLAIM#')}/${sk}`;

const rootFrom = ({ pk, content, head }: Item) => ({
  subject: withoutShard(pk.slice(prefix.control.length)),
  ...(content !== undefined && { control: Control.parse(content) }),
  head: Head.parse(head),
});

/** Reads both tables. Whoever reads while others write sees some of it before, some after. */
export const evidenceOf = async ({ client, state, audit }: Tables): Promise<Evidence> => {
  const [items, records] = [await itemsIn(client, state), await itemsIn(client, audit)];
  const starting = (...starts: readonly string[]) =>
    items.filter(({ pk }) => starts.some((start) => pk.startsWith(start)));
  const writs = starting('WRIT#').map(({ pk, sk, content }) => ({ key: { pk, sk }, writ: Writ.parse(content) }));
  const writOf = new Map(writs.map(({ key, writ }) => [claimKeyOf(key), writ]));
  const used = new Map<string, number>();
  for (const item of starting(...COUNTERS)) {
    const name = `${withoutShard(item.pk)} ${item.sk}`;
    used.set(name, (used.get(name) ?? 0) + z.int().nonnegative().parse(item.used));
  }
  return {
    runs: starting(prefix.run).map(({ content }) => Run.parse(content)),
    writs,
    claims: starting(prefix.claims).map(({ pk, sk, content }) => ({
      key: { pk, sk },
      claim: Claim.parse(content),
      of: writOf.get(`${pk}/${sk}`),
    })),
    used,
    roots: starting(prefix.control)
      .filter(({ pk }) => pk.endsWith(`#${ROOT}`))
      .map(rootFrom),
    chains: Map.groupBy(
      records.toSorted((a, b) => (a.sk < b.sk ? -1 : 1)),
      ({ pk }) => pk
    )
      .entries()
      .reduce(
        (chains, [pk, those]) =>
          chains.set(
            pk,
            those.map(({ content }) => AuditRecord.parse(content))
          ),
        new Map<string, readonly AuditRecord[]>()
      ),
    escalated: new Set(starting(prefix.escalation).map(({ pk }) => pk.split('#')[2] ?? '')),
  };
};
