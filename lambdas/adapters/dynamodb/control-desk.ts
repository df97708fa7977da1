import * as z from 'zod';
import { GENESIS, Head, headOf } from '../../core/audit/record.ts';
import { ROOT } from '../../core/gate/controls.ts';
import { Control, Held } from '../../core/records.ts';
import { BY_TENANT, chainKey, prefix } from '../../core/tables.ts';
import type { ControlRoot, Controls } from '../../core/tasks/ports.ts';
import { chainIn } from './chains.ts';
import type { Connection } from './connection.ts';
import { unknownHere } from './content.ts';
import { controlsSeen } from './controls.ts';
import { executingClaims } from './executing.ts';
import { headKey } from './heads.ts';
import { keys } from './keys.ts';
import { dynamoTable, type Expression, type Item, queryAll } from './table.ts';
import { transact, write } from './transact.ts';

/** The root's item. What stands beside the content no shard has: runs read the content alone, which every release has to understand. */
const Root = z.object({
  content: Control.optional(),
  held: Held.optional(),
  head: Head.default(GENESIS),
  change: z.int().positive(),
});

const rootOf = (item: Item, name: string): ControlRoot => {
  const root = Root.safeParse(item);
  if (!root.success) throw unknownHere(name, root.error);
  const { content, held, head, change } = root.data;
  return { ...(content && { control: content }), ...(held && { held }), head, change };
};

/** Where a root lies, and what lists it in the index; it never changes, so the index is written once. */
const rootKey = (subject: string) => ({ ...keys.control(subject, ROOT), gsi1pk: prefix.roots, gsi1sk: subject });

/** Holds as long as nobody has begun a change after the one found. */
const unchangedSince = (found: number): Expression =>
  found === 0
    ? { condition: 'attribute_not_exists(pk)' }
    : { condition: '#change = :found', names: { '#change': 'change' }, values: { ':found': found } };

/**
 * Holds as long as nobody has begun a change after the one found, nor ended that one: it keeps its number to its end, and moves the
 * head there. Whoever overwrote that head would break the chain, and no change could follow it any more.
 */
const unmovedSince = (found: number, { hash }: Head): Expression => {
  const { condition, names, values } = unchangedSince(found);
  if (found === 0) return { condition };
  return {
    condition: `${condition} AND (attribute_not_exists(#head) OR #head.#hash = :hash)`,
    names: { ...names, '#head': 'head', '#hash': 'hash' },
    values: { ...values, ':hash': hash },
  };
};

/** Controls on DynamoDB. Conflicts and throttles of each item are tried again by themselves. */
export const dynamoControls = (
  connection: Connection,
  names: { readonly state: string; readonly audit: string }
): Controls => {
  const state = dynamoTable(connection, names.state);
  const audit = dynamoTable(connection, names.audit);
  return {
    over: (ref, subjects) => controlsSeen(state, ref, subjects),

    chain: (subject) => chainIn(audit, chainKey.control(subject)),

    executing: () => executingClaims(state),

    async all() {
      const entries = await queryAll(state, { index: BY_TENANT, partition: prefix.roots });
      const roots = (await state.getAll(entries)).map((item) => rootOf(item, `item ${item.pk} / ${item.sk}`));
      const subjectOf = ({ control }: ControlRoot): string => control?.subject ?? '';
      return roots.toSorted((one, other) => (subjectOf(one) < subjectOf(other) ? -1 : 1));
    },

    async root(subject): Promise<ControlRoot> {
      const item = await state.get(keys.control(subject, ROOT));
      return item === undefined ? { head: GENESIS, change: 0 } : rootOf(item, `the root of control ${subject}`);
    },

    async begin(subject, { control, held, head, change }) {
      const item = {
        ...rootKey(subject),
        ...(control && { content: control }),
        ...(held && { held }),
        head,
        change: change + 1,
      };
      const failed = await transact(connection, [
        { refusal: 'overtaken', write: write.putIf(state.name, item, unmovedSince(change, head)) },
      ]);
      return failed === undefined;
    },

    async settle(subject, control, { found, change, record, held }) {
      const item = { ...rootKey(subject), content: control, ...(held && { held }), head: headOf(record), change };
      const failed = await transact(connection, [
        { refusal: 'overtaken', write: write.putIf(state.name, item, unchangedSince(found)) },
        {
          refusal: 'overtaken',
          write: write.putOnce(names.audit, {
            ...keys.audit(chainKey.control(subject), record.seq),
            ...headKey(chainKey.control(subject), record),
            content: record,
          }),
        },
      ]);
      return failed === undefined;
    },

    async setShard(subject, shard, change, control) {
      const item = { ...keys.control(subject, shard), content: control, change };
      const failed = await transact(connection, [
        {
          refusal: 'overtaken',
          write: write.putIf(state.name, item, {
            condition: 'attribute_not_exists(pk) OR #change < :change',
            names: { '#change': 'change' },
            values: { ':change': change },
          }),
        },
      ]);
      return failed === undefined;
    },
  };
};
