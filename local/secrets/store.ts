import { createHash, randomUUID } from 'node:crypto';
import * as z from 'zod';
import { readIfPresent, replaceFile } from '../files.ts';

const Version = z.object({
  id: z.string(),
  /** Text, or bytes in base 64. */
  value: z.union([z.object({ text: z.string() }), z.object({ base64: z.string() })]),
  stages: z.array(z.enum(['AWSCURRENT', 'AWSPREVIOUS'])),
  createdAt: z.number(),
});
const Secret = z.object({
  description: z.string().optional(),
  createdAt: z.number(),
  changedAt: z.number(),
  /** When it will be gone, once it has been marked for deletion. */
  deletionAt: z.number().optional(),
  versions: z.array(Version),
});
/** As it was kept when a secret had one version only. */
const Single = z
  .object({ value: z.string(), versionId: z.string(), createdAt: z.number(), changedAt: z.number() })
  .transform(
    ({ value, versionId: id, createdAt, changedAt }): Secret => ({
      createdAt: createdAt * 1000,
      changedAt: changedAt * 1000,
      versions: [{ id, value: { text: value }, stages: ['AWSCURRENT'], createdAt: changedAt * 1000 }],
    })
  );
const Kept = z.record(z.string(), z.union([Secret, Single]));

export type Stage = z.infer<typeof Version>['stages'][number];
export type Version = z.infer<typeof Version>;
export type SecretValue = Version['value'];
/** Times are in milliseconds since the epoch. */
export type Secret = z.infer<typeof Secret>;

export interface SecretStore {
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Has one more version of a secret, which it creates if need be: that is the current one now. On disk when it returns. */
  put(name: string, value: SecretValue, id?: string): Version;
  /** Makes a value the current one, unless it is. */
  ensure(name: string, value: SecretValue): void;
  /** Changes what is not its value. */
  change(name: string, change: Partial<Pick<Secret, 'description' | 'deletionAt'>>): void;
  remove(name: string): void;
  arnOf(name: string): string;
  /** Without the six characters at its end. */
  plainArnOf(name: string): string;
  /** By name, by ARN, or by an ARN without the six characters at its end. */
  nameOf(id: string): string;
}

const read = (file: string): Map<string, Secret> => {
  const text = readIfPresent(file);
  if (text === undefined) return new Map();
  try {
    return new Map(Object.entries(Kept.parse(JSON.parse(text))));
  } catch {
    throw new Error(`${file} should hold the secrets as JSON and does not: remove it to begin anew`);
  }
};

/** The secrets, kept in a file that is readable by its owner alone. */
export const openSecretStore = (file: string, arnPrefix: string, now: () => number): SecretStore => {
  const secrets = read(file);
  const keep = (name: string, secret: Secret | undefined): void => {
    if (secret === undefined) secrets.delete(name);
    else secrets.set(name, secret);
    replaceFile(file, JSON.stringify(Object.fromEntries(secrets)));
  };
  for (const [name, { deletionAt = Number.POSITIVE_INFINITY }] of secrets)
    if (deletionAt <= now()) keep(name, undefined);

  const plainArnOf = (name: string): string => `${arnPrefix}${name}`;
  const arnOf = (name: string): string =>
    `${plainArnOf(name)}-${createHash('sha256').update(name).digest('hex').slice(0, 6)}`;
  const put = (name: string, value: SecretValue, id: string = randomUUID()): Version => {
    const at = now();
    const before = secrets.get(name);
    const version: Version = { id, value, stages: ['AWSCURRENT'], createdAt: at };
    // What was current is the previous one now, and what was that has no label left: nobody can ask for it.
    const previous = before?.versions
      .filter(({ stages }) => stages.includes('AWSCURRENT'))
      .map((old): Version => ({ ...old, stages: ['AWSPREVIOUS'] }));
    keep(name, { createdAt: at, ...before, changedAt: at, versions: [version, ...(previous ?? [])] });
    return version;
  };
  return {
    secrets,
    put,
    ensure: (name, value) => {
      const current = secrets.get(name)?.versions[0]?.value;
      if (JSON.stringify(current) !== JSON.stringify(value)) put(name, value);
    },
    change: (name, change) => {
      const secret = secrets.get(name);
      if (secret !== undefined) keep(name, { ...secret, changedAt: now(), ...change });
    },
    remove: (name) => keep(name, undefined),
    arnOf,
    plainArnOf,
    nameOf: (id) => secrets.keys().find((name) => [arnOf(name), plainArnOf(name)].includes(id)) ?? id,
  };
};
