import * as z from 'zod';
import { ModelRef, ModelSettings } from '../lambdas/core/engine/model/settings.ts';
import { Budgets, Shards } from '../lambdas/core/limits/declared.ts';
import { Mode } from '../lambdas/core/mode.ts';
import { Role, Tenant } from '../lambdas/core/names.ts';
import { Automatic, Share } from '../lambdas/core/releases/rollout.ts';
import { kindOf } from '../lambdas/core/tasks/fields.ts';

/** What is wrong with the configuration or with what it refers to, in words for whoever deploys. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

const fromText = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value; // the schema says what it expected instead
  }
};

/** Values given on the command line are text: `-c writ:retainData=false`, `-c 'writ:allowedOrigins=["https://…"]'`. */
const orText = <Schema extends z.ZodType>(schema: Schema) => z.preprocess(fromText, schema);

const MachineClient = z.strictObject({
  name: z
    .string()
    .regex(/^[a-z][a-z0-9-]{0,39}$/, 'a machine must be 1 to 40 of a-z, 0-9 and "-", and start with a letter'),
  tenant: Tenant,
  roles: z.array(Role).min(1),
});
export type MachineClient = z.infer<typeof MachineClient>;

/** How the archive of the audit is locked, and for how many days after an object was written. */
const ArchiveLock = z
  .strictObject({ lock: z.enum(['none', 'governance', 'compliance']), days: z.int().positive().max(36_500).optional() })
  .refine(
    ({ lock, days }) => (lock === 'none') === (days === undefined),
    'expected `days` with the lock governance or compliance, and without a lock none'
  );
export type ArchiveLock = z.infer<typeof ArchiveLock>;

export const Config = z.strictObject({
  /** How far workflows may go by themselves, until an operator sets a tenant's own mode. */
  mode: Mode.default('shadow'),
  /** A JSON Lines file of `{text, label}` to learn from, instead of the workflow's own. */
  examples: z.string().min(1).optional(),
  /** The tenant whose operators may set global, workflow and scope controls. */
  operatorTenant: Tenant.default('platform'),
  /** Machines that submit tasks by client credentials. */
  machineClients: orText(z.array(MachineClient)).default([]),
  /** What a tenant may spend a day, in micro-dollars, all workflows together. Days are UTC. */
  tenantDayMicrousd: orText(Budgets.shape.tenantDayMicrousd).default(50_000_000),
  /** The most shards of counters that all runs of a tenant, or of a workflow, share: see docs/adr/0026. */
  shards: orText(Shards).default({ tenant: 16, workflow: 32 }),
  /** Which models the tiers are: see docs/models.md. Without it no model is called. */
  models: orText(ModelSettings).optional(),
  /** What a new release serves once it is deployed: all new runs, or as a canary those that `canary` gives it. */
  rollout: z.enum(['all', 'canary']).default('all'),
  /** The share of new runs, in percent, that a canary begins with, and what is done about it without asking. */
  canary: orText(
    z.strictObject({ share: Share.default(10), automatic: Automatic.default({ rollback: true, promote: false }) })
  ).default({
    share: 10,
    automatic: { rollback: true, promote: false },
  }),
  logLevel: z.enum(['DEBUG', 'INFO', 'WARN', 'ERROR']).default('INFO'),
  /** Whether tables, keys and users outlive their stacks, and resist deletion. */
  retainData: orText(z.boolean()).default(true),
  /** How long what the audit's archive holds can neither be deleted nor written over, and by whom: see docs/deploy.md. */
  archive: orText(ArchiveLock).default({ lock: 'none' }),
  /** Web origins whose pages may call the API. */
  allowedOrigins: orText(z.array(z.url({ protocol: /^https?$/ }))).default([]),
});
export type Config = z.infer<typeof Config>;

const PREFIX = 'writ:';
/** Keys of the CDK's own: feature flags, and what its command line passes on. */
const isForeign = (key: string): boolean => /^(@aws-cdk|aws-cdk:|aws:)/.test(key);

/** Longer text may be a key, or hold one. */
const LONGEST_SHOWN = 24;
const LONGEST_NAME = 40;
/** Where somebody may have pasted a key of a provider, or an address with a password. */
const isSecretive = (key: string, text: string): boolean => key === 'models' || /[@/]/.test(text);

const shownText = (key: string, text: string): string =>
  text.length > LONGEST_SHOWN || isSecretive(key, text) ? `text of ${text.length} characters` : JSON.stringify(text);

/** What is at a path, as far as it may be shown: what is printed here lies in the log of a deployment. */
const foundAt = (given: Readonly<Record<string, unknown>>, [key = '', ...path]: readonly PropertyKey[]): string => {
  const value = path.reduce<unknown>(
    (inside, part) => (typeof inside === 'object' && inside !== null ? Reflect.get(inside, part) : undefined),
    path.length === 0 ? given[String(key)] : fromText(given[String(key)])
  );
  if (typeof value === 'string') return shownText(String(key), value);
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : kindOf(value);
};

/** A name in a path, unless it could be something else that was pasted in its place. */
const nameOf = (part: PropertyKey): string => {
  const text = String(part);
  const isName = (text.length <= LONGEST_NAME && !text.includes('//')) || ModelRef.safeParse(text).success;
  return isName ? text : 'a member whose name is not shown';
};
const nameAt = (path: readonly PropertyKey[]): string => `${PREFIX}${path.map(nameOf).join('.')}`;

/** Each unknown key, or what was expected of a known one and found. */
const faultsOf = ({ issues }: z.ZodError, given: Readonly<Record<string, unknown>>): readonly string[] =>
  issues.flatMap((issue) => {
    if (issue.code !== 'unrecognized_keys')
      return `${nameAt(issue.path)}: ${issue.message}; found ${foundAt(given, issue.path)}`;
    const known = issue.path.length === 0 ? `: expected one of ${Object.keys(Config.shape).join(', ')}` : '';
    return issue.keys.map((key) => `${nameAt([...issue.path, key])} is not known${known}`);
  });

/**
 * The configuration from CDK context: the object `writ`, and keys that start with `writ:`, which win. Throws a
 * `ConfigError` that names every key which is not known or not as expected.
 */
export const readConfig = (context: Readonly<Record<string, unknown>>): Config => {
  const own: Record<string, unknown> = {};
  const unknown: string[] = [];
  for (const [key, value] of Object.entries(context)) {
    if (key.startsWith(PREFIX)) own[key.slice(PREFIX.length)] = value;
    else if (key !== 'writ' && !isForeign(key)) unknown.push(`${key} is not known: did you mean ${PREFIX}${key}?`);
  }
  const object = z.record(z.string(), z.unknown()).default({}).safeParse(context.writ);
  if (!object.success)
    throw new ConfigError(
      `the context key writ must be an object such as {"mode": "shadow"}, found ${kindOf(context.writ)}: write one, or single keys such as ${PREFIX}mode`
    );
  const given = { ...object.data, ...own };
  const parsed = Config.safeParse(given);
  const faults = [...unknown, ...(parsed.error ? faultsOf(parsed.error, given) : [])];
  if (parsed.data === undefined || faults.length > 0)
    throw new ConfigError(`the configuration in CDK context is not right:\n  ${faults.join('\n  ')}`);
  return parsed.data;
};
