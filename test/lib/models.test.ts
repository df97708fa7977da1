import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ModelSettings } from '../../lambdas/core/engine/model/settings.ts';
import type { Workflow } from '../../lambdas/core/workflow.ts';
import { enginesFrom } from '../../lambdas/runtime/engines.ts';
import type { Bundles } from '../../lib/bundle.ts';
import { ConfigError } from '../../lib/config.ts';
import { bundleName, DEPLOYED_STEPS } from '../../lib/functions.ts';
import { assertPriced, modelBundles, modelNeeds, tiersOf } from '../../lib/models.ts';
import { openPrompts, promptFolder } from '../../lib/prompts.ts';
import { releaseOf } from '../../lib/release.ts';
import { ticketTriage } from '../../statemachines/ticket-triage/workflow.ts';

const HAIKU = 'anthropic:claude-haiku-4-5';
const NOW = new Date('2026-11-25T00:00:00Z');
const settings = (given: object): ModelSettings => ModelSettings.parse({ tiers: {}, ...given });
const PROMPTS = promptFolder(ticketTriage);
const dataWith = (
  models: ModelSettings | undefined,
  { prompts = PROMPTS, queues = ['Network'] }: { prompts?: string; queues?: readonly string[] } = {}
): Workflow => ({
  ...ticketTriage.data({
    mode: 'shadow',
    shared: { tenantDayMicrousd: 1_000, shards: { tenant: 4, workflow: 4 } },
    examples: [...queues.map((label) => ({ text: 'vpn', label })), { text: 'buy now', label: 'not-eligible' }],
    trainedFor: (step) => [{ kind: 'classifier', name: step, file: `${step}.model`, digest: 'a'.repeat(64) }],
    tiers: tiersOf(models),
    render: openPrompts(prompts).render,
  }),
  ...(models && { models }),
});

describe('models of a deployment', () => {
  it.each([
    [
      'a model that nobody knows the price of',
      { tiers: { small: ['openai:gpt-99'] } },
      'openai:gpt-99 has no known price',
    ],
    [
      'one of a tenant',
      { tiers: { small: [HAIKU] }, tenants: { acme: { small: ['openai:x'] } } },
      'openai:x has no known price',
    ],
    [
      "a tenant's tier that nobody else has",
      { tiers: { small: [HAIKU] }, tenants: { acme: { large: [HAIKU] } } },
      "acme's large",
    ],
    [
      'a provider without an address',
      {
        tiers: { small: ['openai-compatible:x'] },
        prices: { 'openai-compatible:x': { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 } },
      },
      'openai-compatible needs a base URL',
    ],
  ])('%s is refused at synthesis', (_, given, message) => {
    expect(() => assertPriced(settings(given), NOW)).toThrow(ConfigError);
    expect(() => assertPriced(settings(given), NOW)).toThrow(message);
  });

  it('of a given price is taken, nothing included', () => {
    const free = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0 };
    const given = {
      tiers: { small: ['openai-compatible:x'] },
      prices: { 'openai-compatible:x': free },
      endpoints: { 'openai-compatible': 'http://127.0.0.1:8080/v1' },
    };
    expect(() => assertPriced(settings(given), NOW)).not.toThrow();
  });

  it('come after the classifier, small ones first, in Propose alone', () => {
    const data = dataWith(settings({ tiers: { large: [HAIKU], small: [HAIKU] } }));
    expect(data.proposal.engines.map((spec) => (spec.kind === 'model' ? spec.tier : spec.kind))).toEqual([
      'classifier',
      'small',
      'large',
    ]);
    expect(DEPLOYED_STEPS.filter((step) => modelNeeds(step, data) !== undefined)).toEqual(['propose']);
  });

  it("fit into the run's budget, three tiers of Claude of two requests each, about a ticket of 5,000 bytes", () => {
    const queues = ['Access', 'Email', 'HR Support', 'Hardware', 'Network', 'Purchasing', 'Software', 'Storage'];
    const [small, medium, large] = [HAIKU, 'anthropic:claude-sonnet-4-6', 'anthropic:claude-opus-5'].map((ref) => [
      ref,
    ]);
    const models = settings({ tiers: { small, medium, large } });
    const { proposal, limits } = dataWith(models, { queues });
    const tiers = proposal.engines.filter(({ kind }) => kind === 'model');
    const cascade = enginesFrom(tiers, () => new Uint8Array(), models);
    const most = cascade.mostMicrousd?.({ text: 'x'.repeat(5_000), labels: proposal.labels, tenant: 'acme' });
    expect(most).toBeGreaterThan(3 * 5_000); // of each tier a dollar for a million tokens, at least
    expect(most).toBeLessThanOrEqual(limits.budgets.runMicrousd);
  });

  it('bring their provider along, and keys where it wants them', () => {
    const data = (given: object) => modelNeeds('propose', dataWith(settings(given)));
    expect(modelBundles(data({ tiers: { small: [HAIKU] } }))).toEqual(['models-anthropic', 'models-keys']);
    const nova = { tiers: { small: ['bedrock:amazon.nova-micro-v1:0'] } };
    expect(data(nova)).toEqual({ providers: ['bedrock'], keys: [], bedrock: ['amazon.nova-micro-v1:0'] });
    expect(modelBundles(data(nova))).toEqual(['models-bedrock']);
    expect(data({ ...nova, bedrock: { credentials: 'secret' } })).toEqual({
      providers: ['bedrock'],
      keys: ['bedrock'],
      bedrock: [],
    });
    const mine = { tiers: { small: [HAIKU] }, tenants: { acme: { small: ['openai:gpt-5-nano'] } } };
    expect(data(mine)?.providers).toEqual(['anthropic', 'openai']);
    expect(modelBundles(modelNeeds('propose', dataWith(undefined)))).toEqual([]);
  });
});

describe('a release with models', () => {
  const names = [
    ...DEPLOYED_STEPS.map(bundleName.step),
    'tools-jira-read',
    'tools-jira-write',
    ...['anthropic', 'openai', 'google', 'bedrock', 'openai-compatible', 'keys'].map((name) => `models-${name}`),
  ];
  const bundles = (changed?: string): Bundles =>
    new Map(names.map((name) => [name, { name, code: new Uint8Array(), digest: `${name}-${name === changed}` }]));
  const releaseWith = (models: ModelSettings | undefined, changed?: string) =>
    releaseOf(ticketTriage, dataWith(models), bundles(changed)).release;
  const base = settings({ tiers: { small: [HAIKU] } });

  it.each([
    ['another model', { tiers: { small: ['anthropic:claude-sonnet-4-6'] } }],
    ['another tier', { tiers: { medium: [HAIKU] } }],
    ['a fallback', { tiers: { small: [HAIKU, 'openai:gpt-5-nano'] } }],
    ["a tenant's own", { tiers: { small: [HAIKU] }, tenants: { acme: { small: [] } } }],
    ['another address', { tiers: { small: [HAIKU] }, endpoints: { anthropic: 'https://proxy.example/v1' } }],
    [
      'another price',
      { tiers: { small: [HAIKU] }, prices: { [HAIKU]: { input: 1, cachedInput: 1, cacheWrite: 1, output: 1 } } },
    ],
  ])('is another with %s', (_, given) => {
    expect(releaseWith(settings(given))).not.toBe(releaseWith(base));
  });

  it('has no label with which a model says that none fits, and any name where no model is asked', () => {
    const release = (models: ModelSettings | undefined, label: string) =>
      releaseOf(ticketTriage, dataWith(models, { queues: [label] }), bundles());
    expect(() => release(base, 'none-of-these')).toThrow(ConfigError);
    expect(() => release(base, 'none-of-these')).toThrow('ticket-triage has the label none-of-these');
    expect(() => release(base, 'none-of-those')).not.toThrow();
    expect(() => release(undefined, 'none-of-these')).not.toThrow();
  });

  it('is another with every change of a prompt, and the same where no model has it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'writ-prompts-'));
    try {
      const file = join(folder, 'queue.md');
      const releases = (models: ModelSettings | undefined) =>
        ['', ' Be brief.'].map((more) => {
          writeFileSync(file, `${readFileSync(join(PROMPTS, 'queue.md'), 'utf8')}${more}`);
          return releaseOf(ticketTriage, dataWith(models, { prompts: folder }), bundles()).release;
        });
      const [same, other] = releases(base);
      expect(same).toBe(releaseWith(base));
      expect(other).not.toBe(same);
      expect(new Set(releases(undefined)).size).toBe(1);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is another with the code of a provider that it has, and not with that of others', () => {
    expect(releaseWith(base, 'models-anthropic')).not.toBe(releaseWith(base));
    expect(releaseWith(base, 'models-keys')).not.toBe(releaseWith(base));
    expect(releaseWith(base, 'models-openai')).toBe(releaseWith(base));
    expect(releaseWith(undefined, 'models-anthropic')).toBe(releaseWith(undefined));
  });
});
