import { dayOf, type Leaf, shardOfChain } from '../../lambdas/core/audit/anchors.ts';
import type { Archive, Broken, Heads } from '../../lambdas/core/audit/archive.ts';
import type { AuditRecord, Head } from '../../lambdas/core/audit/record.ts';
import { chain, GENESIS, headOf } from '../../lambdas/core/audit/record.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import { chainKey } from '../../lambdas/core/tables.ts';
import { aRunId } from './builders.ts';

/** A chain that came to rest at `at`, and its head as the archive knows it. */
export const aClosedChain = (at: string, { tenant = 'acme', run = aRunId(), word = 'x', length = 3 } = {}) => {
  const about = { trace_id: 'untraced', run_id: run, at, user: { id: 'u-1', tenant }, release: 'r' };
  const records: AuditRecord[] = [];
  let head: Head = GENESIS;
  for (let seq = 0; seq < length; seq += 1) {
    const record = chain(
      head,
      { step: seq + 1 === length ? 'respond' : `step#${seq}`, policy: { decision: word, rule_ids: [] } },
      about
    );
    records.push(record);
    head = headOf(record);
  }
  const leaf: Leaf = { chain: chainKey.run({ tenant, run }), seq: head.seq, hash: head.hash };
  return { run, tenant, records, head, leaf };
};

type Closed = ReturnType<typeof aClosedChain>;

/** Chains in memory, as the audit table and its index have them. */
export const chainsInMemory = () => {
  const chains = new Map<string, Closed>();
  const unreadable = new Map<string, { readonly fault: string }>();
  const strange: (Broken & { readonly day: string })[] = [];
  const port: Heads = {
    async of(day, shard) {
      const heads = [...chains.values()]
        .filter(({ leaf, records }) => shardOfChain(leaf.chain) === shard && dayOf(records.at(-1)?.at ?? '') === day)
        .map(({ leaf }) => leaf);
      const odd = strange.filter((one) => one.day === day && shardOfChain(one.chain) === shard);
      return { heads, strange: odd.map(({ chain, fault }) => ({ chain, fault })) };
    },
    chain: async (key) => unreadable.get(key) ?? { records: chains.get(key)?.records ?? [] },
  };
  return {
    port,
    add: (closed: Closed) => void chains.set(closed.leaf.chain, closed),
    /** From now on a record of this chain cannot be read. */
    spoil: (chain: string, fault: string) => void unreadable.set(chain, { fault }),
    /** From now on this is listed among the heads of a day, and is none. */
    list: (day: string, one: Broken) => void strange.push({ day, ...one }),
    chains,
  };
};

/** An archive in memory. It ends whoever uses it after so many writes, before or after the last of them took effect. */
export const archiveInMemory = () => {
  const objects = new Map<string, string>();
  let left = Number.POSITIVE_INFINITY;
  let isKept = true;
  let puts = 0;
  const port: Archive = {
    keys: async (start) => [...objects.keys()].filter((key) => key.startsWith(start)).sort(),
    read: async (key) => objects.get(key),
    async putOnce(key, text) {
      left -= 1;
      puts += 1;
      if (left < 0 && !isKept) throw new Retryable('a test ends it here');
      if (!objects.has(key)) objects.set(key, text);
      if (left < 0) throw new Retryable('a test ends it here');
    },
  };
  const endAfter = (writes: number, kept: boolean): void => {
    left = writes;
    isKept = kept;
  };
  return { port, objects, endAfter, puts: () => puts };
};
