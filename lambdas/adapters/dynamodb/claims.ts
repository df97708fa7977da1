import type { Claims, Unclaimed } from '../../core/act/claims.ts';
import { controlsOver, type StopRule, shardOf } from '../../core/gate/controls.ts';
import { isOperatorsUndo } from '../../core/gate/undo.ts';
import { Claim, Writ } from '../../core/records.ts';
import type { Connection } from './connection.ts';
import { contentOf } from './content.ts';
import { controlCheck } from './controls.ts';
import { executingKey } from './executing.ts';
import { keys } from './keys.ts';
import { dynamoTable } from './table.ts';
import { type Guarded, transact, write } from './transact.ts';

/** Claims of one scope on DynamoDB. */
export const dynamoClaims = (connection: Connection, table: string, scope: string): Claims => {
  const state = dynamoTable(connection, table);
  /** That nobody has stopped what a writ is of. An operator undoes also what is stopped. */
  const goes = (writ: Writ, now: Date): readonly Guarded<StopRule>[] =>
    (isOperatorsUndo(writ) ? [] : controlsOver(writ.tenant, writ.workflow, scope)).map(({ subject, rule }) => ({
      refusal: rule,
      write: controlCheck(table, keys.control(subject, shardOf(writ)), { now }),
    }));
  return {
    async look(ref, action) {
      const items = await state.getAll([keys.writ(ref, scope, action), keys.claim(ref, scope, action)]);
      const writ = items.find(({ pk }) => pk === keys.writ(ref, scope, action).pk);
      const claim = items.find(({ pk }) => pk === keys.claim(ref, scope, action).pk);
      return { ...(writ && { writ: contentOf(Writ, writ) }), ...(claim && { claim: contentOf(Claim, claim) }) };
    },

    async begin(writ, claim) {
      const claimed: Guarded<Unclaimed> = {
        refusal: 'taken',
        write: write.putIf(
          table,
          { ...keys.claim(writ, scope, writ.action), ...executingKey(writ, claim), content: claim },
          {
            condition:
              'attribute_not_exists(pk) OR (#content.#status = :released AND #content.#attempt = :before AND #content.#digest = :digest)',
            names: { '#content': 'content', '#status': 'status', '#attempt': 'attempt', '#digest': 'digest' },
            values: { ':released': 'released', ':before': claim.attempt - 1, ':digest': writ.digest },
          }
        ),
      };
      const authorised: Guarded<Unclaimed> = {
        refusal: 'no-writ',
        write: write.check(table, keys.writ(writ, scope, writ.action), {
          condition: '#content.#digest = :digest',
          names: { '#content': 'content', '#digest': 'digest' },
          values: { ':digest': writ.digest },
        }),
      };
      // whoever has a closed run relies on it: nothing begins any more, also where its execution is begun again from the middle
      const open: Guarded<Unclaimed> = {
        refusal: 'run-closed',
        write: write.check(table, keys.run(writ), {
          condition: '#content.#status <> :closed',
          names: { '#content': 'content', '#status': 'status' },
          values: { ':closed': 'closed' },
        }),
      };
      return transact(connection, [claimed, authorised, open, ...goes(writ, new Date(claim.startedAt))]);
    },

    async stopOver(writ, now) {
      const checks = goes(writ, now); // as a transaction: a scope's function may check controls, and read none
      return checks.length === 0 ? undefined : transact(connection, checks);
    },

    async settle(writ, claim) {
      // without a key of the index: what is settled is no longer listed as executing
      const item = { ...keys.claim(writ, scope, writ.action), content: claim };
      const refused = await state.putIf(item, {
        // what stands there already was written by a try whose answer was lost
        condition: '#content = :claim OR (#content.#attempt = :attempt AND #content.#status IN (:executing, :doubt))',
        names: { '#content': 'content', '#attempt': 'attempt', '#status': 'status' },
        values: { ':claim': claim, ':attempt': claim.attempt, ':executing': 'executing', ':doubt': 'in-doubt' },
      });
      return refused === undefined;
    },
  };
};
