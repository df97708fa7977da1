import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openaiCompatible } from '../../../../lambdas/adapters/model/openai-compatible.ts';
import { cascade } from '../../../../lambdas/core/engine/cascade.ts';
import { newBreaker } from '../../../../lambdas/core/engine/model/breaker.ts';
import { modelEngine } from '../../../../lambdas/core/engine/model/model.ts';
import { ModelSettings, type Tier } from '../../../../lambdas/core/engine/model/settings.ts';
import { rulesEngine } from '../../../../lambdas/core/engine/rules.ts';
import { homeOf } from '../../../../lambdas/core/gate/controls.ts';
import { budgetsOver } from '../../../../lambdas/core/limits/limit.ts';
import { decide } from '../../../../lambdas/core/steps/decide.ts';
import { propose } from '../../../../lambdas/core/steps/propose.ts';
import { type Behaviour, breaksOff, sends, startServer } from '../../../adapters/model/server.ts';
import { WIRE } from '../../../adapters/model/wire.ts';
import { AT, aPrompt, aRelease, aRunId } from '../../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../../support/dynoxide.ts';
import { givenRun } from '../../../support/run.ts';

/*
 * A cascade of rules and two tiers of models, each behind a server of its own, in a run with budgets: what is set aside, what is
 * charged, what the audit says.
 */

const WIRED = WIRE['openai-compatible'];
const SMALL = 'openai-compatible:small';
const MEDIUM = 'openai-compatible:medium';
const SECRET = 'the vpn to Mr Miller drops';
const says = (label: string, confidence: number): Behaviour =>
  sends(WIRED.answer({ text: JSON.stringify({ label, confidence }) }));

describe.skipIf(!hasDynoxide)('models in a run', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());
  const open: { close(): Promise<unknown> }[] = [];
  afterEach(async () => {
    for (const server of open.splice(0)) await server.close();
  });

  const given = async ({
    small,
    medium,
    runMicrousd = 100_000,
    summary = SECRET,
  }: {
    small: Behaviour;
    medium: Behaviour;
    runMicrousd?: number;
    summary?: string;
  }) => {
    const servers = { small: await startServer([small]), medium: await startServer([medium]) };
    open.push(servers.small, servers.medium);
    const price = { input: 250_000, cachedInput: 25_000, cacheWrite: 250_000, output: 2_000_000 };
    const settings = ModelSettings.parse({
      tiers: { small: [SMALL], medium: [MEDIUM] },
      endpoints: { 'openai-compatible': servers.small.url },
      prices: { [SMALL]: price, [MEDIUM]: { ...price, input: 2_500_000, cacheWrite: 2_500_000 } },
    });
    const tier = (name: Tier, url: string) =>
      modelEngine({
        name: `queue-${name}`,
        tier: name,
        prompt: aPrompt(),
        threshold: 0.8,
        settings,
        open: () => openaiCompatible({ model: name, key: { apiKey: 'key-of-acme' }, baseUrl: url }),
        breakerOf: () => newBreaker(),
        now: () => AT,
        random: () => 0,
        wait: async () => undefined,
        patienceMs: 10_000,
      });
    const proposer = cascade([
      rulesEngine('words', [{ id: 'SAYS_LAPTOP', label: 'Hardware', anyOf: ['laptop'] }]),
      tier('small', servers.small.url),
      tier('medium', servers.medium.url),
    ]);
    const limits = aRelease().limits;
    const release = aRelease({ limits: { ...limits, budgets: { ...limits.budgets, runMicrousd } } });
    const ref = { tenant: 'acme', run: aRunId() };
    const world = await givenRun(dynoxide, {
      run: ref,
      release,
      proposer,
      fields: { summary, issueKey: 'OPS-1' },
    });
    const used = async () => {
      const [ofRun] = budgetsOver(release, ref, 0, AT);
      const { subject, window, shards } = ofRun;
      const [counter] = await world.deps.counters.read([{ subject, window, shard: homeOf(ref, shards) }]);
      return counter?.used ?? 0;
    };
    return { ...world, ref, servers, used };
  };

  it('the first that is sure answers; the run pays for all that were asked, and the audit names each', async () => {
    const { ref, deps, kept, servers, used } = await given({
      small: says('Network', 0.6),
      medium: says('Network', 0.9),
    });
    const proposed = await propose.run(deps, { ...ref, action: 1 });
    expect(proposed).toMatchObject({ abstained: false, confidence: 0.9 });
    await propose.run(deps, { ...ref, action: 1 });
    expect(servers.small.received).toHaveLength(1);

    // 80 tokens in, 20 from the cache, 10 out: 40.5 and 220.5, rounded up
    expect(await used()).toBe(41 + 221);
    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({ kind: 'authorised' });
    const record = (await kept()).records.at(-1);
    expect(record?.model).toMatchObject({
      name: expect.stringMatching(/^model:openai-compatible:medium@/),
      input_tokens: 200,
      output_tokens: 20,
      cached_tokens: 40,
      cost_microusd: 262,
    });
    expect(record?.stages).toMatchObject([
      { engine: expect.stringMatching(/^rules:words@/), state: 'abstained', cost_microusd: 0 },
      {
        engine: expect.stringMatching(/^model:openai-compatible:small@/),
        state: 'abstained',
        reason: 'unsure',
        confidence: 0.6,
        cost_microusd: 41,
      },
      {
        engine: expect.stringMatching(/^model:openai-compatible:medium@/),
        state: 'answered',
        confidence: 0.9,
        cost_microusd: 221,
      },
    ]);
    expect(JSON.stringify(record)).not.toMatch(/Miller|key-of-acme/);
  });

  it('what was not asked is told with what it would have cost at most', async () => {
    const { ref, deps, kept, servers } = await given({ small: says('Network', 0.9), medium: says('Network', 0.9) });
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    const last = (await kept()).records.at(-1)?.stages?.at(-1);
    expect(last).toMatchObject({ engine: expect.stringMatching(/^model:queue-medium@/), state: 'not-asked' });
    expect(last?.at_most_microusd).toBeGreaterThan(1_000);
    expect(servers.medium.received).toEqual([]);
  });

  it('what was lost is paid for in full, and the run goes to people', async () => {
    const { ref, deps, used } = await given({ small: breaksOff, medium: breaksOff });
    const text = { text: SECRET, labels: aRelease().proposal.labels, tenant: 'acme' };
    await propose.run(deps, { ...ref, action: 1 });
    expect(await used()).toBe(deps.proposer.mostMicrousd?.(text));
    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({ kind: 'refused', because: 'unsure' });
  });

  it('nothing is asked that the budget has no room for', async () => {
    const { ref, deps, servers, used } = await given({
      small: says('Network', 0.9),
      medium: says('Network', 0.9),
      runMicrousd: 2_000,
    });
    await propose.run(deps, { ...ref, action: 1 });
    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({
      because: 'over-budget',
      rules: ['BUDGET_RUN'],
    });
    expect([servers.small.received.length, servers.medium.received.length, await used()]).toEqual([0, 0, 0]);
  });

  it('nothing is set aside for what an engine that costs nothing answers, however small the budget', async () => {
    const { ref, deps, kept, servers, used } = await given({
      small: says('Network', 0.9),
      medium: says('Network', 0.9),
      runMicrousd: 1,
      summary: 'a laptop is broken',
    });
    expect(await propose.run(deps, { ...ref, action: 1 })).toMatchObject({ abstained: false, confidence: 1 });
    expect(await decide.run(deps, { ...ref, action: 1 })).toMatchObject({ kind: 'authorised' });
    expect((await kept()).records.at(-1)?.stages?.map(({ state }) => state)).toEqual([
      'answered',
      'not-asked',
      'not-asked',
    ]);
    expect([servers.small.received.length, await used()]).toEqual([0, 0]);
  });
});
