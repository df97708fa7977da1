import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import type { Provider } from '../../core/engine/model/settings.ts';
import { tenantSecrets } from '../secrets/tenant-secrets.ts';
import { type Key, keySchemaOf, keyScopeOf } from './keys.ts';

export interface KeysOptions {
  readonly roleArn: string;
  readonly limits: {
    readonly connectionTimeout: number;
    readonly requestTimeout: number;
    readonly throwOnRequestTimeout: true;
    readonly socketTimeout: number;
  };
  readonly watch: <Client>(client: Client) => Client;
  readonly now: () => Date;
}

export type KeyOf = (provider: Provider, tenant: string) => Promise<Key>;

/** Tenants' keys of providers, each in a secret of its own. No error carries any part of one. */
export const openKeys = ({ roleArn, limits, watch, now }: KeysOptions): KeyOf => {
  const clients = { requestHandler: limits, maxAttempts: 3 };
  const sts = watch(new STSClient(clients));
  const readers = new Map<Provider, (tenant: string) => Promise<Key>>();
  return (provider, tenant) => {
    const known = readers.get(provider);
    if (known) return known(tenant);
    const reader = tenantSecrets<Key>({
      sts,
      roleArn,
      scope: keyScopeOf(provider),
      schema: keySchemaOf(provider),
      secrets: (credentials) => new SecretsManagerClient({ ...clients, credentials }),
      now,
    });
    readers.set(provider, reader);
    return reader(tenant);
  };
};
