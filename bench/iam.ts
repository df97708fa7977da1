import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { synth } from '../lib/synth.ts';
import { compileAccess } from '../local/iam/access.ts';
import { type AccessRequest, createAuthorizer } from '../local/iam/authorize.ts';
import type { RoleSession } from '../local/iam/credentials.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { readDeployment } from '../local/template/deployment.ts';
import { isObject, type JsonObject } from '../local/template/json.ts';
import type { Role } from '../local/template/roles.ts';
import { quantile } from './statistics.ts';

/** What a decision costs, over calls that the app's own roles make. */
export interface Decisions {
  readonly roles: number;
  /** Different calls, of which a third are denied. */
  readonly calls: number;
  readonly compileMs: number;
  readonly p50Us: number;
  readonly p95Us: number;
}

const ROUNDS = 2_000;
const WARM_UP = 200;
const NANOSECONDS = 1_000;

const listOf = (value: unknown): readonly string[] => (Array.isArray(value) ? value : [value]).map(String);

/** A value that a pattern matches. */
const instance = (pattern: string): string =>
  pattern
    .replace(/\$\{[^}]*\}/g, 'demo')
    .replaceAll('*', 'demo#0123456789')
    .replaceAll('?', 'a');

/** The keys under which a statement's conditions hold. */
const keysFor = (condition: unknown): Readonly<Record<string, unknown>> => {
  const keys: Record<string, unknown> = {};
  for (const [operator, asked] of Object.entries(isObject(condition) ? condition : {})) {
    if (operator === 'Null' || !isObject(asked)) continue;
    for (const [key, value] of Object.entries(asked))
      keys[key] = operator.startsWith('For')
        ? listOf(value).slice(0, 2).map(instance)
        : instance(listOf(value)[0] ?? '');
  }
  return keys;
};

/** For each statement of a role: a call that it allows, one of another partition or resource, and one of another action. */
const callsOf = ({ arn, policies }: Role): readonly AccessRequest[] => {
  const caller: RoleSession = { kind: 'role', roleArn: arn, session: 'bench', tags: { tenant: 'demo' }, issuedAt: 0 };
  const statements = policies.flatMap(({ document }) => (document.Statement as unknown as readonly JsonObject[]) ?? []);
  return statements.flatMap(({ Action, Resource, Condition }): readonly AccessRequest[] => {
    const action = listOf(Action)[0] ?? '';
    const resource = instance(listOf(Resource)[0] ?? '');
    const context = keysFor(Condition);
    const allowed = { caller, action, resource, context };
    const names = context['dynamodb:LeadingKeys'] !== undefined;
    const other = names
      ? { ...allowed, context: { 'dynamodb:LeadingKeys': ['OTHER#demo'] } }
      : { ...allowed, resource: '*' };
    return [allowed, allowed, other];
  });
};

/** Measures every call by itself, after warming up. */
export const measureDecisions = async (): Promise<Decisions> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-iam-'));
  try {
    const { directory } = await synth({ outdir: join(folder, 'cdk.out') });
    const deployment = readDeployment(readAssembly(directory), () => 'http://127.0.0.1');
    const { account, region, roles } = deployment;
    const start = performance.now();
    const access = compileAccess(deployment);
    const compileMs = performance.now() - start;
    const authorize = createAuthorizer({ access, account, region, now: Date.now });
    const calls = roles.flatMap(callsOf);
    const times: number[] = [];
    for (let round = 0; round < WARM_UP + ROUNDS; round += 1)
      for (const call of calls) {
        const before = process.hrtime.bigint();
        authorize(call);
        const took = Number(process.hrtime.bigint() - before) / NANOSECONDS;
        if (round >= WARM_UP) times.push(took);
      }
    return {
      roles: roles.length,
      calls: calls.length,
      compileMs,
      p50Us: quantile(times, 0.5),
      p95Us: quantile(times, 0.95),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
