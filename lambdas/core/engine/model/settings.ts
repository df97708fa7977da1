import * as z from 'zod';
import { Tenant } from '../../names.ts';
import { CONTENT_RETENTION_DAYS } from '../../tables.ts';
import { Price } from '../prices.ts';

/*
 * Which models a deployment has: part of a release, so that another model is another release. A step names a tier, never one of these.
 */

export const PROVIDERS = ['bedrock', 'openai', 'anthropic', 'google', 'openai-compatible'] as const;
export const Provider = z.enum(PROVIDERS);
export type Provider = z.infer<typeof Provider>;

export const TIERS = ['small', 'medium', 'large'] as const;
export const Tier = z.enum(TIERS);
export type Tier = z.infer<typeof Tier>;

/** `provider:model`, such as `anthropic:claude-haiku-4-5`. A model's own name may hold colons. */
export const ModelRef = z
  .string()
  .regex(
    new RegExp(`^(?:${PROVIDERS.join('|')}):(?!.*\\.\\.)[A-Za-z0-9][A-Za-z0-9._:/@-]{0,199}$`),
    `a model must be provider:model, such as anthropic:claude-haiku-4-5, with a provider of ${PROVIDERS.join(', ')}`
  );

export const partsOf = (ref: string): { readonly provider: Provider; readonly model: string } => {
  const at = ref.indexOf(':');
  return { provider: Provider.parse(ref.slice(0, at)), model: ref.slice(at + 1) };
};

const DAY_SECONDS = 86_400;

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/** Keys and texts go there: so only over TLS, or to this very machine. */
const isSafe = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname, username, password, search, hash } = new URL(text);
  const isPrivate = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
  return isPrivate && username === '' && password === '' && search === '' && hash === '';
};

export const BaseUrl = z
  .string()
  .refine(isSafe, 'a base URL must be https (http only to this machine), without user, password, query or fragment');

/** Models by tier. The first is asked; those after it only where those before it cannot be had. */
const Tiers = z.partialRecord(Tier, z.array(ModelRef).min(1).max(4));
/** A tenant's own: none at all is a choice too, and means that no model sees that tenant's texts. */
const TenantTiers = z.partialRecord(Tier, z.array(ModelRef).max(4));

export const ModelSettings = z.strictObject({
  tiers: Tiers,
  /** Where a tenant has other models in a tier than everybody else. */
  tenants: z.record(Tenant, TenantTiers).default({}),
  /** Where a provider is reached, if not where its own documentation says. */
  endpoints: z.partialRecord(Provider, BaseUrl).default({}),
  bedrock: z
    .strictObject({
      /** Its region; the function's own by default. */
      region: z
        .string()
        .regex(/^[a-z]{2}(?:-[a-z]+)+-\d$/, 'a region must be such as eu-central-1')
        .optional(),
      /** `role`: the function's own. `secret`: access keys per tenant, as other providers' keys. */
      credentials: z.enum(['role', 'secret']).default('role'),
    })
    .default({ credentials: 'role' }),
  /** Models that take no temperature, besides those that are known to: their answers are not repeatable. */
  noTemperature: z.array(ModelRef).default([]),
  /** Prices that are no list prices, in micro-dollars for a million tokens. */
  prices: z.record(ModelRef, Price).default({}),
  /** For how long a model's answer is given again to the very same question, in seconds: a day by default, 0 for never. */
  cacheSeconds: z
    .int()
    .nonnegative()
    .max(CONTENT_RETENTION_DAYS * DAY_SECONDS)
    .default(DAY_SECONDS),
});
export type ModelSettings = z.infer<typeof ModelSettings>;

/** The models that a tenant's question is put to in a tier, in order. */
export const modelsFor = (
  { tiers, tenants }: ModelSettings,
  tier: Tier,
  tenant: string | undefined
): readonly string[] =>
  (tenant === undefined || !Object.hasOwn(tenants, tenant) ? undefined : tenants[tenant]?.[tier]) ?? tiers[tier] ?? [];

/** Every model that a tier may come to, whosever it is. */
export const modelsOfTier = ({ tiers, tenants }: ModelSettings, tier: Tier): readonly string[] => [
  ...new Set([...(tiers[tier] ?? []), ...Object.values(tenants).flatMap((own) => own[tier] ?? [])]),
];

/** Whether a provider is called with a key that a tenant keeps as a secret. */
export const needsKey = ({ bedrock }: ModelSettings, provider: Provider): boolean =>
  provider !== 'bedrock' || bedrock.credentials === 'secret';
