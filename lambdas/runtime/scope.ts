import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { dynamoClaims } from '../adapters/dynamodb/claims.ts';
import { dynamoReadings } from '../adapters/dynamodb/readings.ts';
import { tenantSecrets } from '../adapters/secrets/tenant-secrets.ts';
import type { System } from '../core/act/implementation.ts';
import { readScope, writeScope } from '../core/act/scope.ts';
import { sha256 } from '../core/digest.ts';
import { ScopeName } from '../core/names.ts';
import { memory } from './cache.ts';
import { CALL_LIMITS, dynamo } from './clients.ts';
import { besideBundle, environment } from './environment.ts';
import { observe } from './observe.ts';
import { serve } from './serve.ts';

/** How many tenants' clients a warm function keeps open. */
const CLIENTS = 100;

const scopeEnvironment = () => environment({ STATE_TABLE: z.string(), SCOPE: ScopeName, SECRETS_ROLE_ARN: z.string() });

/** Opens the client of a tenant, and keeps it as long as the tenant's secret stays the same; and says which account it is of. */
const opener = <Secret, Client>(system: System<Secret, Client>) => {
  const { SCOPE: scope, SECRETS_ROLE_ARN: roleArn } = scopeEnvironment();
  const secretOf = tenantSecrets({
    sts: observe.watch(new STSClient({ requestHandler: CALL_LIMITS, maxAttempts: 3 })),
    roleArn,
    scope,
    schema: system.secret,
    secrets: (credentials) => new SecretsManagerClient({ credentials, requestHandler: CALL_LIMITS, maxAttempts: 3 }),
    now: () => new Date(),
  });
  const clients = new Map<string, { readonly secret: Secret; readonly client: Client }>();
  const open = async (tenant: string): Promise<Client> => {
    const secret = await secretOf(tenant);
    const known = clients.get(tenant);
    if (known?.secret === secret) return known.client;
    const client = system.connect(secret);
    if (clients.size >= CLIENTS) clients.clear();
    clients.set(tenant, { secret, client });
    return client;
  };
  return { open, accountOf: async (tenant: string) => system.account(await secretOf(tenant)) };
};

/** A read scope's function: every read tool of the system that belongs to the scope. */
export const serveReads = <Secret, Client>(system: System<Secret, Client>) => {
  const { SCOPE: scope, STATE_TABLE } = scopeEnvironment();
  const reads = system.reads.filter(({ contract }) => contract.scope === scope);
  const { open, accountOf } = opener(system);
  return serve(readScope<Client>(), {
    readings: dynamoReadings(dynamo(), STATE_TABLE),
    scope,
    reads,
    open,
    now: () => new Date(),
    ...(reads.some(({ contract }) => contract.cacheSeconds !== undefined) && {
      remembers: { memory: memory(), version: sha256(besideBundle('index.mjs')), accountOf },
    }),
  });
};

/** A write scope's function: every write tool of the system that belongs to the scope. */
export const serveWrites = <Secret, Client>(system: System<Secret, Client>) => {
  const { SCOPE: scope, STATE_TABLE } = scopeEnvironment();
  return serve(writeScope<Client>(), {
    claims: dynamoClaims(dynamo(), STATE_TABLE, scope),
    writes: system.writes.filter(({ contract }) => contract.scope === scope),
    open: opener(system).open,
    now: () => new Date(),
  });
};
