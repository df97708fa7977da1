import { NONE } from '../lambdas/core/engine/model/prompt.ts';
import {
  type ModelSettings,
  modelsOfTier,
  needsKey,
  type Provider,
  partsOf,
  TIERS,
  type Tier,
} from '../lambdas/core/engine/model/settings.ts';
import { priceOf } from '../lambdas/core/engine/prices.ts';
import type { EngineSpec, Workflow } from '../lambdas/core/workflow.ts';
import type { AskingStep } from '../statemachines/definition.ts';
import { ConfigError } from './config.ts';

/** The tiers in which there are models, small ones first. */
export const tiersOf = (settings: ModelSettings | undefined): readonly Tier[] =>
  TIERS.filter((tier) => settings?.tiers[tier] !== undefined);

const allModels = (settings: ModelSettings): readonly string[] => [
  ...new Set(TIERS.flatMap((tier) => modelsOfTier(settings, tier))),
];

/**
 * Throws a `ConfigError` for a model that has no price now, a tenant's tier that nobody else has, and a provider without an address:
 * none of them could ever be asked.
 */
export const assertPriced = (settings: ModelSettings | undefined, now: Date = new Date()): void => {
  if (settings === undefined) return;
  const models = allModels(settings);
  const unpriced = models.filter((model) => priceOf(model, now, settings.prices) === undefined);
  const strange = Object.entries(settings.tenants).flatMap(([tenant, tiers]) =>
    TIERS.filter((tier) => tiers[tier] !== undefined && settings.tiers[tier] === undefined).map(
      (tier) => `${tenant}'s ${tier}`
    )
  );
  const isHomeless =
    models.some((model) => partsOf(model).provider === 'openai-compatible') && !settings.endpoints['openai-compatible'];
  const faults = [
    ...unpriced.map(
      (model) =>
        `${model} has no known price, and a model of unknown price is not called: give one under prices, as input, cachedInput, cacheWrite and output in micro-dollars for a million tokens (0 only where it costs nothing)`
    ),
    ...strange.map((tier) => `${tier} is a tier that has no models for everybody else: name some under tiers`),
    ...(isHomeless ? ['openai-compatible needs a base URL: give one under endpoints'] : []),
  ];
  if (faults.length > 0) throw new ConfigError(`the configuration of models is not right:\n  ${faults.join('\n  ')}`);
};

/** Throws a `ConfigError` for a label that would be taken for a model's answer that no label fits: each of its questions would fail. */
export const assertAnswerable = ({ workflow, eligibility, proposal }: Workflow): void => {
  const asks = [eligibility, proposal].some(
    ({ labels, engines }) => labels.includes(NONE) && engines.some(({ kind }) => kind === 'model')
  );
  if (asks)
    throw new ConfigError(
      `${workflow} has the label ${NONE}, with which models say that no label fits: expected another name, so rename it in the examples`
    );
};

const ASKING_STEPS: readonly AskingStep[] = ['route', 'propose'];

const enginesOf = (step: AskingStep, { eligibility, proposal }: Workflow): readonly EngineSpec[] =>
  step === 'route' ? eligibility.engines : proposal.engines;

/** What a step's function needs to ask its models: nothing where its engines are none. */
export interface ModelNeeds {
  readonly providers: readonly Provider[];
  /** Those whose key is a tenant's secret. */
  readonly keys: readonly Provider[];
  /** Models that Bedrock is asked for under the function's own role. */
  readonly bedrock: readonly string[];
}

export const modelNeeds = (step: string, data: Workflow): ModelNeeds | undefined => {
  const settings = data.models;
  if (settings === undefined || (step !== 'route' && step !== 'propose')) return undefined;
  const tiers = enginesOf(step, data).flatMap((spec) => (spec.kind === 'model' ? spec.tier : []));
  if (tiers.length === 0) return undefined;
  const models = [...new Set(tiers.flatMap((tier) => modelsOfTier(settings, tier)))].map(partsOf);
  const providers = [...new Set(models.map(({ provider }) => provider))].sort();
  return {
    providers,
    keys: providers.filter((provider) => needsKey(settings, provider)),
    bedrock: needsKey(settings, 'bedrock')
      ? []
      : models.filter(({ provider }) => provider === 'bedrock').map(({ model }) => model),
  };
};

/** The steps whose models give their answers again. */
export const rememberingSteps = (data: Workflow): readonly AskingStep[] =>
  (data.models?.cacheSeconds ?? 0) === 0 ? [] : ASKING_STEPS.filter((step) => modelNeeds(step, data) !== undefined);

/** Names of the bundles that lie beside such a function's own. */
export const modelBundles = (needs: ModelNeeds | undefined): readonly string[] =>
  needs === undefined
    ? []
    : [...needs.providers.map((provider) => `models-${provider}`), ...(needs.keys.length > 0 ? ['models-keys'] : [])];
