import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fate, type Life, lifeOf } from '../../../drills/gate/life.ts';
import type { Mishap } from '../../../drills/gate/mishaps.ts';
import { type Answer, Vendor } from '../../../drills/gate/vendor.ts';
import { dynamoClaims } from '../../../lambdas/adapters/dynamodb/claims.ts';
import type { Connection } from '../../../lambdas/adapters/dynamodb/connection.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoReadings } from '../../../lambdas/adapters/dynamodb/readings.ts';
import type { ActDeps } from '../../../lambdas/core/act/act.ts';
import { why } from '../../../lambdas/core/audit/why.ts';
import { type Claim, Escalation } from '../../../lambdas/core/records.ts';
import { partition } from '../../../lambdas/core/tables.ts';
import { contracts } from '../../../lambdas/tools/contracts.ts';
import { jiraAssign, jiraGet } from '../../../lambdas/tools/jira/contract.ts';
import { AT, aRelease } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';
import { carryOut, Gone, patientClock } from '../../support/machine.ts';
import { givenRun } from '../../support/run.ts';

/*
 * What becomes of a run when the function that acts ends without a word, at each of its calls to the outside. What comes after it
 * is the deployed state machine: it looks the effect up as often as it takes, acts again only where that is allowed, reads back, verifies, and
 * completes the run or hands it to people.
 */

const EFFECTS = ['idempotent', 'once'] as const;

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

const { input } = aRelease();
/** Its key travels to the read scope. */
const RELEASED = aRelease({ input: { fields: input.fields.map((it) => ({ ...it, isId: it.name === 'issueKey' })) } });

/** How a function that ended without a word is missed: Lambda says that it is gone, or nobody says anything until the state gives up. */
const MISSED = ['crashed', 'silent'] as const;

const rows = EFFECTS.flatMap((effect) =>
  MATRIX.map((row, at) => ({
    ...row,
    effect,
    ends: row[effect],
    missed: MISSED[(at + EFFECTS.indexOf(effect)) % MISSED.length] ?? 'silent',
  }))
);
type Cell = (typeof rows)[number];

describe.skipIf(!hasDynoxide)('a scope function that ends without a word', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** A run whose first Act has this fate, carried out to its end. */
  const carriedOut = async ({ effect, fate, answer = 'done', arrives, missed }: Cell) => {
    const time = patientClock(AT.getTime());
    const vendor = new Vendor();
    const contract = { ...jiraAssign, effect } as typeof jiraAssign;
    const run = await givenRun(dynoxide, {
      release: RELEASED,
      now: time.now,
      tools: { ...contracts, [contract.name]: contract },
    });
    const thing = run.ref.run;
    const claims = (connection: Connection) => dynamoClaims(connection, dynoxide.state, contract.scope);
    const standing = async () => (await claims(dynoxide.connection).look(run.ref, 1)).claim?.status ?? 'unclaimed';
    const record = () => ({
      ...jiraGet.example.output,
      issueKey: 'OPS-1',
      components: vendor.shows(thing) ? ['Network'] : [],
    });
    const acting = (life: Life, said: Answer): ActDeps<undefined> => ({
      claims: claims(life.connection),
      writes: [
        {
          contract,
          call: (_client: undefined, input: object, _signal: AbortSignal, { marker }: { readonly marker: string }) =>
            life.reach(async () => {
              const patienceMs = contract.timeoutSeconds * 1_000;
              vendor.call({ thing, effect, marker, answer: said, nowMs: time.now().getTime(), patienceMs });
              return input;
            }),
          lookUp: () => life.reach(async () => vendor.shows(thing)),
        },
      ] as never,
      open: async () => undefined,
      now: time.now,
    });
    let acts = 0;
    let left: string | undefined;
    const { execution, entered } = await carryOut(
      run.run,
      {
        deps: run.deps,
        reads: {
          readings: dynamoReadings(dynoxide.connection, dynoxide.state),
          scope: jiraGet.scope,
          reads: [{ contract: jiraGet, call: async () => record() }] as never,
          open: async () => undefined,
          now: time.now,
        },
        writes: (operation) => {
          if (operation === 'reconcile' && arrives === 'in time') vendor.arrive();
          if (operation === 'act') acts += 1;
          if (operation !== 'act' || acts > 1) return { deps: acting(lifeOf(dynoxide.connection, meets()), 'done') };
          const after = async () => {
            left = await standing();
            if (fate.dies) throw new Gone(missed);
          };
          return { deps: acting(lifeOf(dynoxide.connection, fate), answer), after };
        },
      },
      time
    );
    vendor.arrive();
    return { ...run, vendor, effects: vendor.effects.get(thing) ?? 0, left, standing, execution, entered };
  };

  it.each(rows.map((row) => [row.effect, row.where, row.ends[0], row.ends[1], row] as const))(
    'whose tool is %s and that dies %s leaves a claim that ends %s, and %i effect',
    async (effect, _where, status, effects, row) => {
      const { ref, vendor, kept, state, ...run } = await carriedOut(row);
      expect(run.execution.status).toBe('SUCCEEDED');
      expect(run.left).toBe(row.left);
      expect([await run.standing(), run.effects]).toEqual([status, effects]);
      expect(vendor.offences).toEqual([]);
      expect(run.entered.filter((name) => name === 'Act').length).toBeLessThanOrEqual(
        effect === 'once' && row.left !== 'unclaimed' ? 1 : 2
      );

      const { run: closed, records } = await kept();
      const story = why({ run: ref.run, records, head: closed.head }).statements.map(({ about, text }) => [
        about,
        text,
      ]);
      if (status === 'done') {
        expect(run.entered.slice(-4)).toEqual(['ReadBack', 'Verify', 'Verified', 'Respond']);
        expect(closed).toMatchObject({ status: 'closed', outcome: 'completed' });
        expect(story).toContainEqual(['verified', expect.stringContaining('shows the effect')]);
        return;
      }
      // nobody knows whether it happened: a person has the run, and everything there is to find out by
      expect(run.entered.at(-1)).toBe('Escalate');
      expect(closed).toMatchObject({ status: 'closed', outcome: 'escalated' });
      const [writ] = await run.writs();
      const content = (await state.get(keys.escalation(ref)))?.content;
      const escalation = Escalation.parse(content);
      expect(escalation).toMatchObject({ because: 'in-doubt', rules: writ?.rules });
      const evidence = [
        partition.input(ref),
        `${partition.plan(ref)}/1`,
        `${partition.read('jira:read', ref)}/jira.get#before`,
        `${partition.writ('jira:write', ref)}/1`,
        `${partition.claim('jira:write', ref)}/1`,
      ];
      expect(escalation.evidence).toEqual(evidence);
      expect(escalation.doubts).toMatchObject([
        {
          action: 1,
          tool: 'jira.assign',
          seenBy: 'jira.get',
          arguments: { issueKey: 'OPS-1', component: 'Network' },
          marker: [...(vendor.markers.get(ref.run) ?? [`${ref.run}-1`])][0],
          claim: 'in-doubt',
        },
      ]);
      const last = records.at(-1);
      expect(last).toMatchObject({
        step: 'escalate',
        writ: { action: 1, digest: writ?.digest },
        claim: { status: 'in-doubt', attempt: 1 },
      });
      for (const ref of evidence)
        expect(last?.sources).toContainEqual({ ref, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
      expect(story).toContainEqual([
        'written',
        'The writ of action 1 was used, and nobody knows whether it took effect.',
      ]);
      expect(story).toContainEqual(['handed-over', 'It was handed to people (in doubt), with 5 pieces of evidence.']);
    }
  );
});
