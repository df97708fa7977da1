import * as z from 'zod';
import type { Item, Key } from '../../lambdas/adapters/dynamodb/table.ts';
import { AuditRecord, Head } from '../../lambdas/core/audit/record.ts';
import { ApprovalRequest } from '../../lambdas/core/gate/approval.ts';
import { ROOT } from '../../lambdas/core/gate/controls.ts';
import { Claim, Control, Plan, Reading, Writ } from '../../lambdas/core/records.ts';
import { Run } from '../../lambdas/core/run.ts';
import { prefix } from '../../lambdas/core/tables.ts';
import type { Contents } from './tables.ts';

/** One shard of a counter, and by name what is held in it. */
export interface Used {
  readonly used: number;
  readonly holds: ReadonlyMap<string, { readonly amount: number; readonly until: string }>;
}

/** What the tables say, and nothing else. */
export interface Evidence {
  readonly runs: readonly Run[];
  readonly writs: readonly { readonly key: Key; readonly writ: Writ }[];
  /** `of` is the writ that it should be of. */
  readonly claims: readonly { readonly key: Key; readonly claim: Claim; readonly of?: Writ | undefined }[];
  /** By run. */
  readonly plans: ReadonlyMap<string, Plan>;
  /** By run. */
  readonly readings: ReadonlyMap<string, readonly Reading[]>;
  /** What people were asked, by run. */
  readonly requests: ReadonlyMap<string, readonly ApprovalRequest[]>;
  /** By subject and window, all shards. */
  readonly used: ReadonlyMap<string, readonly Used[]>;
  readonly roots: readonly { readonly control?: Control | undefined; readonly subject: string; readonly head: Head }[];
  /** By partition. */
  readonly chains: ReadonlyMap<string, readonly AuditRecord[]>;
  /** Runs that lie among those handed to people. */
  readonly escalated: ReadonlySet<string>;
}

const COUNTERS = ['BUDGET#', 'RATE#', 'CAP#'];
const HOLD = 'hold#';
const withoutShard = (pk: string): string => pk.slice(0, pk.lastIndexOf('#'));
const claimKeyOf = ({ pk, sk }: Key): string => `${pk.replace('WRIT#', 'CLAIM#')}/${sk}`;
/** Every partition of a run ends with it. */
const runIn = ({ pk }: Key): string => pk.slice(pk.lastIndexOf('#') + 1);

/** Reads each item once, however often it is met: an item that has not changed is the same object. */
const once = <T>(read: (item: Item) => T): ((item: Item) => T) => {
  const known = new WeakMap<Item, { readonly value: T }>();
  return (item) => {
    const found = known.get(item) ?? { value: read(item) };
    known.set(item, found);
    return found.value;
  };
};
const contentAs = <T>(schema: z.ZodType<T>) => once(({ content }) => schema.parse(content));

const as = {
  run: contentAs(Run),
  writ: contentAs(Writ),
  claim: contentAs(Claim),
  plan: contentAs(Plan),
  reading: contentAs(Reading),
  request: contentAs(ApprovalRequest),
  record: contentAs(AuditRecord),
  root: once(({ pk, content, head }) => ({
    subject: withoutShard(pk.slice(prefix.control.length)),
    ...(content !== undefined && { control: Control.parse(content) }),
    head: Head.parse(head),
  })),
  used: once((item): Used => {
    const held = z.object({ amount: z.int().nonnegative(), until: z.string() });
    const holds = Object.entries(item).filter(([name]) => name.startsWith(HOLD));
    return {
      used: z.int().nonnegative().parse(item.used),
      holds: new Map(holds.map(([name, hold]) => [name.slice(HOLD.length), held.parse(hold)])),
    };
  }),
};

const grouped = <T>(items: readonly Item[], keyOf: (item: Item) => string, read: (item: Item) => T) =>
  new Map([...Map.groupBy(items, keyOf)].map(([key, those]) => [key, those.map(read)]));

/** What two tables say. Whoever reads them while others write sees some of it before, some after. */
export const evidenceOf = ({ state, audit }: Contents): Evidence => {
  const starting = (...starts: readonly string[]) =>
    state.filter(({ pk }) => starts.some((start) => pk.startsWith(start)));
  const writs = starting('WRIT#').map((item) => ({ key: item, writ: as.writ(item) }));
  const writOf = new Map(writs.map(({ key, writ }) => [claimKeyOf(key), writ]));
  const inOrder = audit.toSorted((a, b) => (a.sk < b.sk ? -1 : 1));
  return {
    runs: starting(prefix.run).map(as.run),
    writs,
    claims: starting(prefix.claims).map((item) => ({
      key: item,
      claim: as.claim(item),
      of: writOf.get(`${item.pk}/${item.sk}`),
    })),
    plans: new Map(starting(prefix.plan).map((item) => [runIn(item), as.plan(item)])),
    readings: grouped(starting('READ#'), runIn, as.reading),
    requests: grouped(starting(prefix.request), runIn, as.request),
    used: grouped(starting(...COUNTERS), ({ pk, sk }) => `${withoutShard(pk)} ${sk}`, as.used),
    roots: starting(prefix.control)
      .filter(({ pk }) => pk.endsWith(`#${ROOT}`))
      .map(as.root),
    chains: grouped(inOrder, ({ pk }) => pk, as.record),
    escalated: new Set(starting(prefix.escalation).map(runIn)),
  };
};
