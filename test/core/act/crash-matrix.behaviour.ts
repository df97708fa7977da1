import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fate, lifeOf } from '../../../drills/gate/life.ts';
import type { Mishap } from '../../../drills/gate/mishaps.ts';
import { type Answer, Vendor } from '../../../drills/gate/vendor.ts';
import { dynamoClaims } from '../../../lambdas/adapters/dynamodb/claims.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { type ActDeps, act } from '../../../lambdas/core/act/act.ts';
import { reconcile } from '../../../lambdas/core/act/reconcile.ts';
import { Retryable, Terminal } from '../../../lambdas/core/errors.ts';
import type { Claim } from '../../../lambdas/core/records.ts';
import { jiraAssign } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aWrit } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

/*
 * What becomes of one action when the function that does it ends without a word, at each of its calls to the outside; what comes
 * after it is what the state machine does: look it up as often as it takes, and act again only where that is allowed.
 */

const EFFECTS = ['idempotent', 'once'] as const;
type Effect = (typeof EFFECTS)[number];

/** The calls of Act to the outside, in order. */
const CALLS = { look: 1, claim: 2, call: 3, settle: 4 } as const;
const dies = (call: keyof typeof CALLS, when: 'before' | 'after'): Fate => ({
  mishaps: [],
  dies: { at: CALLS[call], when },
});
const meets = (...mishaps: readonly Mishap[]): Fate => ({ mishaps });

interface Row {
  readonly where: string;
  readonly fate: Fate;
  readonly answer?: Answer;
  /** When the call that was under way arrives: before anybody looks, or when its lease is over. */
  readonly arrives?: 'in time' | 'too late' | 'never';
  /** How the action stands right after the crash. */
  readonly left: Claim['status'] | 'unclaimed';
  /** How it ends: what the claim says, and how often it took effect. */
  readonly idempotent: readonly [Claim['status'], number];
  readonly once: readonly [Claim['status'], number];
}

const DONE = ['done', 1] as const;
const DOUBT = ['in-doubt', 0] as const;
const MATRIX: readonly Row[] = [
  {
    where: 'before it has looked at the writ',
    fate: dies('look', 'before'),
    left: 'unclaimed',
    idempotent: DONE,
    once: DONE,
  },
  { where: 'before the claim', fate: dies('claim', 'before'), left: 'unclaimed', idempotent: DONE, once: DONE },
  {
    where: 'after the claim, before the call',
    fate: dies('claim', 'after'),
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  { where: 'as it was about to call', fate: dies('call', 'before'), left: 'executing', idempotent: DONE, once: DOUBT },
  {
    where: 'during the call, which arrives while its lease lasts',
    fate: dies('call', 'after'),
    answer: 'late',
    arrives: 'in time',
    left: 'executing',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'during the call, which arrives when its lease is over and it was given up',
    fate: dies('call', 'after'),
    answer: 'late',
    arrives: 'too late',
    left: 'executing',
    idempotent: DONE,
    once: ['in-doubt', 1],
  },
  {
    where: 'during the call, which never arrives',
    fate: dies('call', 'after'),
    answer: 'call lost',
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  { where: 'after the call', fate: dies('call', 'after'), left: 'executing', idempotent: DONE, once: DONE },
  {
    where: 'before the outcome is stored',
    fate: dies('settle', 'before'),
    left: 'executing',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'after the outcome is stored, before it answers',
    fate: dies('settle', 'after'),
    left: 'done',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'after the system has refused for now, before that is stored',
    fate: dies('settle', 'before'),
    answer: 'not now',
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: 'after the system has refused for good, before that is stored',
    fate: dies('settle', 'before'),
    answer: 'never',
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: "nowhere, but the system's answer is lost",
    fate: meets(),
    answer: 'answer lost',
    left: 'in-doubt',
    idempotent: DONE,
    once: DONE,
  },
  {
    where: 'nowhere, but its call is lost on the way',
    fate: meets(),
    answer: 'call lost',
    left: 'in-doubt',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: 'nowhere, but the answer to its claim is lost',
    fate: meets('answer lost'),
    left: 'executing',
    idempotent: DONE,
    once: DOUBT,
  },
  {
    where: 'nowhere, but its claim is throttled',
    fate: meets('ThrottlingException'),
    left: 'unclaimed',
    idempotent: DONE,
    once: DONE,
  },
];

const MINUTE_MS = 60_000;

describe.skipIf(!hasDynoxide)('a scope function that ends without a word', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const given = async (effect: Effect) => {
    const writ = aWrit();
    const vendor = new Vendor();
    const clock = { ms: AT.getTime() };
    await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.writ(writ, writ.scope, 1), content: writ });
    const thing = writ.run;
    const patienceMs = jiraAssign.timeoutSeconds * 1_000;
    const inProcess = (fate: Fate, answer: Answer): ActDeps<undefined> => {
      const life = lifeOf(dynoxide.connection, fate);
      return {
        claims: dynamoClaims(life.connection, dynoxide.state, writ.scope),
        writes: [
          {
            contract: { ...jiraAssign, effect } as never,
            call: (_client, _input, _signal, { marker }) =>
              life.reach(async () => {
                vendor.call({ thing, sets: ['Network'], effect, marker, answer, nowMs: clock.ms, patienceMs });
                return {};
              }),
            lookUp: () => life.reach(async () => vendor.components(thing).includes('Network')),
          },
        ],
        open: async () => undefined,
        now: () => new Date(clock.ms),
      };
    };
    const calm = () => inProcess(meets(), 'done');
    return {
      vendor,
      clock,
      effects: () => vendor.effects.get(`${thing}-1`)?.times ?? 0,
      act: (fate: Fate, answer: Answer) => act(inProcess(fate, answer), writ, 1),
      again: () => act(calm(), writ, 1),
      lookUp: () => reconcile(calm(), writ, 1),
      standing: async () => {
        const { claim } = await dynamoClaims(dynoxide.connection, dynoxide.state, writ.scope).look(writ, 1);
        return claim?.status ?? 'unclaimed';
      },
    };
  };

  /** What the state machine does after an Act that did not answer: look it up until somebody knows, and act again if that is harmless. */
  const follow = async ({ again, lookUp, clock }: Awaited<ReturnType<typeof given>>): Promise<void> => {
    for (let waits = 0; waits < 3; waits += 1)
      try {
        const { kind } = await lookUp();
        if (kind === 'not-done') await again();
        return;
      } catch (fault) {
        if (fault instanceof Terminal) return;
        if (!(fault instanceof Retryable)) throw fault;
        clock.ms += MINUTE_MS;
      }
    throw new Error('nobody found out what became of it');
  };

  const rows = EFFECTS.flatMap((effect) => MATRIX.map((row) => ({ ...row, effect, ends: row[effect] })));

  it.each(rows.map((row) => [row.effect, row.where, row.ends[0], row.ends[1], row] as const))(
    'whose tool is %s and that dies %s leaves a claim that ends %s, and %i effect',
    async (effect, _where, status, effects, { fate, answer = 'done', arrives, left }) => {
      const action = await given(effect);
      await expect(action.act(fate, answer)).rejects.toThrow();
      expect(await action.standing()).toBe(left);

      if (arrives === 'in time') action.vendor.arrive();
      await follow(action);
      action.vendor.arrive();

      expect([await action.standing(), action.effects()]).toEqual([status, effects]);
      expect(action.vendor.offences).toEqual([]);
      // whoever comes later finds it settled: nothing is done again, by anybody
      await action.again().catch(() => undefined);
      await action.lookUp().catch(() => undefined);
      expect(action.effects()).toBe(effects);
      expect(action.vendor.offences).toEqual([]);
    }
  );
});
