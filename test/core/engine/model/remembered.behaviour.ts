import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoDesk } from '../../../../lambdas/adapters/dynamodb/desk.ts';
import { dynamoTable } from '../../../../lambdas/adapters/dynamodb/table.ts';
import { why } from '../../../../lambdas/core/audit/why.ts';
import { cascade } from '../../../../lambdas/core/engine/cascade.ts';
import type { Engine } from '../../../../lambdas/core/engine/engine.ts';
import { newBreaker } from '../../../../lambdas/core/engine/model/breaker.ts';
import { modelEngine } from '../../../../lambdas/core/engine/model/model.ts';
import type { Heard, Request } from '../../../../lambdas/core/engine/model/port.ts';
import { remembered } from '../../../../lambdas/core/engine/model/remembered.ts';
import { ModelSettings, type Tier } from '../../../../lambdas/core/engine/model/settings.ts';
import { rulesEngine } from '../../../../lambdas/core/engine/rules.ts';
import { homeOf } from '../../../../lambdas/core/gate/controls.ts';
import { budgetsOver } from '../../../../lambdas/core/limits/limit.ts';
import { decide } from '../../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../../lambdas/core/steps/propose.ts';
import { route } from '../../../../lambdas/core/steps/route.ts';
import { viewRun } from '../../../../lambdas/core/tasks/view.ts';
import { AT, aPrompt, aRelease, aRunId } from '../../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../../support/dynoxide.ts';
import { faulty } from '../../../support/faulty.ts';
import { aMemory } from '../../../support/memory.ts';
import { givenRun } from '../../../support/run.ts';

const HAIKU = 'anthropic:claude-haiku-4-5';
const NANO = 'openai:gpt-5.4-nano';
const OPUS = 'anthropic:claude-opus-4-6';
/** Takes no temperature. */
const THINKER = 'openai:gpt-5-nano';
const LATER = new Date(AT.getTime() + 60_000);
const SECRET = 'Mr Miller';

const tokens = { input: 100, cachedInput: 0, cacheWrite: 0, output: 10 };
const says = (label: string, confidence: number): Heard => ({
  kind: 'said',
  text: JSON.stringify({ label, confidence }),
  tokens,
  isRepeatable: true,
});
const SURE = says('Network', 0.9);

describe.skipIf(!hasDynoxide)("a model's answer that is kept", () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  let texts = 0;
  /** Words that no other test asks about. */
  const aText = (): string => {
    texts += 1;
    return `the connection of ${SECRET} drops, number ${texts}`;
  };

  interface Given {
    readonly summary: string;
    /** What models answer, by their name, in this order; the last one again and again. */
    readonly heard: Readonly<Record<string, readonly Heard[]>>;
    readonly tiers?: Partial<Record<Tier, readonly string[]>>;
    readonly tenant?: string;
    readonly release?: string;
    readonly labels?: readonly string[];
    readonly writer?: string;
    readonly now?: Date;
    readonly runMicrousd?: number;
    readonly onAsk?: () => Promise<void>;
    readonly onWait?: () => void;
  }

  /** A run whose proposals come from rules and then from tiers of models, which remember. */
  const given = async (about: Given) => {
    const { summary, heard, tiers = { small: [HAIKU] }, tenant = 'acme', now = AT, runMicrousd = 100_000 } = about;
    const { labels = ['Network', 'Hardware'], writer = 'propose:ticket-triage', onAsk, onWait } = about;
    const base = aRelease();
    const limits = { ...base.limits, budgets: { ...base.limits.budgets, runMicrousd } };
    const release = aRelease({
      limits,
      ...(about.release !== undefined && { release: about.release }),
      proposal: { ...base.proposal, labels: [...labels] },
    });
    const asked: { model: string; request: Request }[] = [];
    const settings = ModelSettings.parse({ tiers });
    const { connection, sent } = faulty(dynoxide.connection);
    const { memory, faults } = aMemory(dynoxide, { connection, now: () => now, ...(onWait && { onWait }) });
    const model = (tier: Tier): Engine =>
      remembered(
        modelEngine({
          name: `queue-${tier}`,
          prompt: aPrompt(),
          tier,
          threshold: 0.8,
          settings,
          open: (name) => ({
            ask: async (request) => {
              await onAsk?.();
              const answers = heard[name] ?? [];
              const turn = asked.filter(({ model }) => model === name).length;
              asked.push({ model: name, request });
              return answers[Math.min(turn, answers.length - 1)] ?? { kind: 'declined' };
            },
          }),
          breakerOf: () => newBreaker(),
          now: () => now,
          random: () => 0,
          wait: async () => undefined,
          patienceMs: 3_600_000,
        }),
        { memory, writer, release: release.release, keepSeconds: 3_600 }
      );
    const words = rulesEngine('words', [{ id: 'SAYS_LAPTOP', label: 'Hardware', anyOf: ['laptop'] }]);
    const [first, ...others] = (Object.keys(tiers) as Tier[]).map(model);
    const proposer = cascade([words, ...(first ? [first] : []), ...others]);
    const ref = { tenant, run: aRunId() };
    const world = await givenRun(dynoxide, {
      run: { ...ref, release: release.release },
      release,
      proposer,
      ...(first && { eligibility: cascade([first, ...others]) }),
      connection,
      now: () => now,
      fields: { summary, issueKey: 'OPS-1' },
    });
    const used = async () => {
      const budgets = budgetsOver(release, ref, 0, AT);
      const found = await world.deps.counters.read(
        budgets.map(({ subject, window, shards }) => ({ subject, window, shard: homeOf(ref, shards) }))
      );
      return budgets.map(({ subject }) => found.find((counter) => counter.subject === subject)?.used ?? 0);
    };
    const run = () => propose.run(world.deps, { ...ref, action: 1 });
    const models = () => asked.map(({ model }) => model);
    const transactions = () => sent.filter(({ operation }) => operation === 'TransactWriteItems').length;
    const toCache = () => sent.filter(({ input }) => JSON.stringify(input).includes('CACHE#'));
    return { ...world, ref, run, models, used, faults, transactions, toCache };
  };

  it('answers another run at once: nothing is asked, reserved or spent, and plan, audit, story and view say so', async () => {
    const summary = aText();
    const first = await given({ summary, heard: { [HAIKU]: [SURE] } });
    await first.run();
    await decide.run(first.deps, { ...first.ref, action: 1 });
    const second = await given({ summary, heard: {}, now: LATER, runMicrousd: 0 });
    const before = await second.used();
    expect(await second.run()).toMatchObject({ abstained: false, confidence: 0.9 });

    expect([first.models(), second.models()]).toEqual([[HAIKU], []]);
    expect([second.transactions(), second.faults]).toEqual([0, []]); // not even a reservation, and the budget has no room for one
    expect(await second.used()).toEqual(before);
    expect(await decide.run(second.deps, { ...second.ref, action: 1 })).toMatchObject({ kind: 'authorised' });
    const { records, run } = await second.kept();
    expect(records.at(-1)?.model).toEqual({
      name: expect.stringMatching(/^model:anthropic:claude-haiku-4-5@/),
      input_tokens: 0,
      output_tokens: 0,
      cached_tokens: 0,
      cost_microusd: 0,
      cached_at: AT.toISOString(),
    });
    expect(records.at(-1)?.stages).toMatchObject([
      { state: 'abstained' },
      { state: 'answered', cost_microusd: 0, cached_at: AT.toISOString() },
    ]);
    expect((await first.kept()).records.at(-1)?.model).toMatchObject({ cost_microusd: 150 });
    expect((await first.kept()).records.at(-1)?.model).not.toHaveProperty('cached_at');
    const desk = dynamoDesk(dynoxide.connection, dynoxide);
    const operator = { id: 'op', tenant: second.ref.tenant, roles: ['operator' as const] };
    expect(await viewRun({ desk, now: () => AT }, operator, second.ref)).toMatchObject({
      proposal: { cachedAt: AT.toISOString() },
    });
    const { statements, cost_microusd } = why({ run: run.run, records, head: run.head });
    expect(cost_microusd).toBe(0);
    expect(statements.map(({ text }) => text).join(' ')).toContain(
      `confidence 90.0 %, the answer to the same question kept from ${AT.toISOString()}.`
    );
    expect(JSON.stringify([records, second.toCache()])).not.toContain(SECRET);
  });

  it.each([
    ['tenant', { tenant: 'acme-2' }],
    ['release', { release: 'f'.repeat(64) }],
    ['model', { tiers: { small: [NANO] } }],
    ['set of labels', { labels: ['Network', 'Software'] }],
    ['text', { summary: 'the connection drops' }],
    ['step or workflow', { writer: 'route:ticket-triage' }],
  ])('is not given to another %s', async (_, other) => {
    const summary = aText();
    const heard = { [HAIKU]: [SURE], [NANO]: [SURE] };
    await (await given({ summary, heard })).run();
    const own = await given({ summary, heard, ...other });
    await own.run();
    expect(own.models()).toHaveLength(1);
  });

  it('is not given to another tier, though that has the same model: it may want it surer, or less sure', async () => {
    const heard = { [HAIKU]: [says('Network', 0.6), SURE] };
    const { run, models } = await given({ summary: aText(), heard, tiers: { small: [HAIKU], large: [HAIKU] } });
    expect(await run()).toMatchObject({ abstained: false, confidence: 0.9 });
    expect(models()).toEqual([HAIKU, HAIKU]);
  });

  it('is none with a label that was not asked about, whoever put it there', async () => {
    const summary = aText();
    const first = await given({ summary, heard: { [HAIKU]: [SURE] } });
    await first.run();
    const pk = /CACHE#[^"]+/.exec(JSON.stringify(first.toCache()))?.[0] ?? '';
    const table = dynamoTable(dynoxide.connection, dynoxide.state);
    const entry = await table.get({ pk, sk: 'entry' });
    const content = JSON.parse(JSON.stringify(entry?.content).replace('Network', 'Payroll'));
    await table.put({ pk, sk: 'entry', ...entry, content });
    const second = await given({ summary, heard: { [HAIKU]: [SURE] } });
    expect(await second.run()).toMatchObject({ abstained: false });
    expect([second.models(), second.faults]).toEqual([[HAIKU], ['recalling', 'waiting']]);
    expect(content.json).toContain('Payroll');
  });

  const FAILED: Heard = { kind: 'failed', why: 'request-refused', mayCost: false, isPassing: false };
  const LOST: Heard = { kind: 'failed', why: 'cut-off', mayCost: true, isPassing: true };
  const BUSY: Heard = { kind: 'failed', why: 'overloaded', mayCost: false, isPassing: true };
  it.each([
    ['had to be repaired', [says('nonsense', 0.9), SURE], 2],
    ['was cut short first', [{ kind: 'cut-short', tokens }, SURE], 2],
    ['came after one that was lost', [LOST, SURE], 2],
    ['never was of use', [says('nonsense', 0.9)], 2],
    ['is a refusal', [{ kind: 'declined', tokens }], 1],
    ['never came', [FAILED], 1],
  ] as const)('is none that %s', async (_, answers, asks) => {
    const summary = aText();
    for (const turn of [1, 2]) {
      const { run, models } = await given({ summary, heard: { [HAIKU]: answers } });
      await run();
      expect([turn, models()]).toEqual([turn, Array.from({ length: asks }, () => HAIKU)]);
    }
  });

  it('is none that was made at another temperature, as its client says', async () => {
    const summary = aText();
    const { isRepeatable: _, ...made } = SURE as Extract<Heard, { kind: 'said' }>;
    for (const turn of [1, 2]) {
      const { run, models } = await given({ summary, heard: { [HAIKU]: [made] } });
      await run();
      expect([turn, models()]).toEqual([turn, [HAIKU]]);
    }
  });

  it('is none of a model that takes no temperature: nobody waits for it, and nothing is looked up', async () => {
    const { run, models, toCache } = await given({
      tiers: { small: [THINKER] },
      summary: aText(),
      heard: { [THINKER]: [SURE] },
    });
    await run();
    expect(models()).toEqual([THINKER]);
    expect(toCache()).toEqual([]);
  });

  it('is none of a model that stood in for another', async () => {
    const summary = aText();
    const about = { summary, tiers: { small: [HAIKU, NANO] } };
    const first = await given({ ...about, heard: { [HAIKU]: [FAILED], [NANO]: [SURE] } });
    await first.run();
    const second = await given({ ...about, heard: { [HAIKU]: [SURE] } });
    await second.run();
    expect([first.models(), second.models()]).toEqual([[HAIKU, NANO], [HAIKU]]);
  });

  it('is one that came after the model had been busy', async () => {
    const summary = aText();
    await (await given({ summary, heard: { [HAIKU]: [BUSY, SURE] } })).run();
    const second = await given({ summary, heard: {} });
    await second.run();
    expect(second.models()).toEqual([]);
  });

  it('may be an abstention: then the next tier has the question, which may have been kept too', async () => {
    const summary = aText();
    const tiers = { small: [HAIKU], medium: [NANO], large: [OPUS] };
    const none = says('none-of-these', 0.7);
    const first = await given({
      summary,
      heard: { [HAIKU]: [says('Hardware', 0.6)], [NANO]: [none], [OPUS]: [FAILED] },
      tiers,
    });
    await first.run();
    // two of three are kept: only the third is asked, and paid for
    const second = await given({ summary, heard: { [OPUS]: [SURE] }, tiers, now: LATER });
    expect(await second.run()).toMatchObject({ abstained: false });
    await decide.run(second.deps, { ...second.ref, action: 1 });
    const record = (await second.kept()).records.at(-1);
    expect(record?.stages).toMatchObject([
      { state: 'abstained' },
      { state: 'abstained', reason: 'unsure', confidence: 0.6, cost_microusd: 0, cached_at: AT.toISOString() },
      { state: 'abstained', reason: 'none-fits', cost_microusd: 0, cached_at: AT.toISOString() },
      { state: 'answered' },
    ]);
    const paid = record?.model?.cost_microusd;
    expect((await second.used())[0]).toBe(paid);
    // all three are: nothing is asked or set aside
    const third = await given({ summary, heard: {}, tiers, runMicrousd: 0 });
    expect(await third.run()).toMatchObject({ abstained: false });
    expect([first.models(), second.models(), third.models()]).toEqual([[HAIKU, NANO, OPUS], [OPUS], []]);
    expect(third.transactions()).toBe(0);
  });

  it('where all abstain is the surest guess, for nothing', async () => {
    const summary = aText();
    const heard = { [HAIKU]: [says('Network', 0.7)] };
    await (await given({ summary, heard })).run();
    const second = await given({ summary, heard, runMicrousd: 0 });
    expect(await second.run()).toMatchObject({ abstained: true, confidence: 0.7 });
    expect(second.models()).toEqual([]);
  });

  it('is asked for once by many runs at once, and paid for by one', async () => {
    const summary = aText();
    const others = Promise.withResolvers<void>();
    const waiting = new Set<number>();
    const runs = await Promise.all(
      Array.from({ length: 5 }, (_, who) =>
        given({
          summary,
          tenant: 'crowd',
          heard: { [HAIKU]: [SURE] },
          onAsk: () => others.promise,
          onWait: () => void (waiting.add(who).size === 4 && others.resolve()),
        })
      )
    );
    await Promise.all(runs.map(({ run }) => run()));
    expect(runs.flatMap(({ models }) => models())).toEqual([HAIKU]);
    const spent = await Promise.all(runs.map(async ({ used }) => (await used())[0]));
    expect(spent.filter((used) => used !== 0)).toEqual([150]); // 100 tokens in, 10 out, of Haiku
  });

  it('is marked in what Route records too', async () => {
    const summary = aText();
    const about = { summary, writer: 'route:ticket-triage', heard: { [HAIKU]: [says('eligible', 0.9)] } };
    for (const cachedAt of [undefined, AT.toISOString()]) {
      const { deps, ref, kept, used } = await given({ ...about, now: cachedAt === undefined ? AT : LATER });
      expect(await route.run(deps, { ...ref, round: 0 })).toMatchObject({ kind: 'eligible' });
      const { model, stages } = (await kept()).records.at(-1) ?? {};
      expect([model?.cached_at, stages?.[0]?.cached_at]).toEqual([cachedAt, cachedAt]);
      expect((await used())[0]).toBe(model?.cost_microusd);
      expect(model?.cost_microusd === 0).toBe(cachedAt !== undefined);
    }
  });

  it('is given under a stop of everything to nobody', async () => {
    const summary = aText();
    await (await given({ summary, heard: { [HAIKU]: [SURE] }, tenant: 'halted' })).run();
    const second = await given({ summary, heard: {}, tenant: 'halted' });
    await second.control({ subject: 'tenant:halted', stopped: true, stops: 'everything' });
    await second.run();
    expect(second.toCache()).toEqual([]);
    expect(await decide.run(second.deps, { ...second.ref, action: 1 })).toMatchObject({ because: 'stopped' });
  });

  it('costs a run nothing that no model is asked for', async () => {
    const ruled = await given({ summary: 'a laptop is broken', heard: {} });
    await ruled.run();
    const unmodelled = await given({ summary: aText(), heard: {}, tiers: {} });
    await route.run(unmodelled.deps, { ...unmodelled.ref, round: 0 });
    await unmodelled.run();
    const tooLong = await given({ summary: 'x'.repeat(17_000), heard: {}, runMicrousd: 0 });
    expect(await tooLong.run()).toMatchObject({ abstained: true });
    expect([ruled.toCache(), unmodelled.toCache(), tooLong.toCache()]).toEqual([[], [], []]);
  });
});
