import { describe, expect, it } from 'vitest';
import { contextOf } from '../../../local/iam/context.ts';
import { type Decision, decide } from '../../../local/iam/decide.ts';
import { type Attachment, type Policy, policyOf } from '../../../local/iam/document.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { type Case, OBJECT, ROLE, SESSION } from './cases/case.ts';
import { COMBINING } from './cases/combining.ts';
import { CONDITIONS, type ConditionRow } from './cases/conditions.ts';
import { MALFORMED } from './cases/malformed.ts';
import { MATCHING } from './cases/matching.ts';
import { VARIABLES } from './cases/variables.ts';

const VERSION = '2012-10-17';

const compiled = (statements: readonly JsonObject[], name: string, attachment: Attachment = 'identity'): Policy =>
  policyOf({ Version: VERSION, Statement: statements }, name, attachment);

const judge = (given: Case): Decision => {
  const { statements = [], documents = [], boundary, session, resource, service } = given;
  return decide(
    {
      principal:
        service === undefined
          ? { kind: 'role', account: '111122223333', roleArn: ROLE, sessionArn: SESSION }
          : { kind: 'service', name: service },
      action: given.action ?? 's3:GetObject',
      resource: given.on ?? OBJECT,
      context: contextOf(given.context ?? {}),
    },
    {
      identity: [
        ...(statements.length === 0 ? [] : [compiled(statements, 'own')]),
        ...documents.map((document, index) => policyOf(document, `document ${index + 1}`, 'identity')),
      ],
      boundary: boundary && compiled(boundary, 'boundary'),
      session: session && [compiled(session, 'session')],
      resource: resource && {
        policies: [compiled(resource, 'resource', 'resource')],
        mustAllow: given.resourceMustAllow === true,
        type: 'resource-based policy',
      },
    }
  );
};

const conditional = (effect: 'Allow' | 'Deny', { operator, policy }: ConditionRow): JsonObject => ({
  Sid: 'Conditional',
  Effect: effect,
  Action: '*',
  Resource: '*',
  Condition: { [operator]: { 'test:key': policy } },
});

const nameOf = ({ operator, policy, request }: ConditionRow): string =>
  `${operator} ${JSON.stringify(policy)} of ${request === undefined ? 'no key' : JSON.stringify(request)}`;

describe('policies', () => {
  it.each([...MATCHING, ...VARIABLES, ...COMBINING].map((one) => [one.name, one] as const))('%s', (_, one) => {
    const decision = judge(one);
    expect(decision.kind).toBe(one.expect);
    if (one.by !== undefined) expect(decision).toMatchObject({ by: { statement: one.by } });
    if (one.type !== undefined) expect(decision).toMatchObject({ type: one.type });
  });

  describe.each(CONDITIONS.map((row) => [nameOf(row), row] as const))('with %s', (_, row) => {
    const context = row.request === undefined ? {} : { 'test:key': row.request };

    it('allow what the condition holds for, and nothing that is not known', () => {
      const decision = judge({ name: '', statements: [conditional('Allow', row)], context, expect: 'allowed' });
      expect(decision.kind).toBe(row.holds === true ? 'allowed' : 'no-allow');
      if (decision.kind === 'no-allow')
        expect(decision.close).toMatchObject([
          { statement: 'Conditional', failed: row.holds === 'unknown' ? 'unknown' : 'condition' },
        ]);
    });

    it('deny what the condition holds for, and what is not known', () => {
      const all = { Effect: 'Allow', Action: '*', Resource: '*' };
      const decision = judge({ name: '', statements: [all, conditional('Deny', row)], context, expect: 'allowed' });
      const kind = row.holds === 'unknown' ? 'unknown' : row.holds ? 'explicit-deny' : 'allowed';
      expect(decision.kind).toBe(kind);
    });
  });

  it.each(MALFORMED)('refuse %j', (document, message) => {
    expect(() => policyOf(document, 'mine', 'identity')).toThrow(`policy mine`);
    expect(() => policyOf(document, 'mine', 'identity')).toThrow(message);
  });

  it('name the statement that is malformed', () => {
    const statement = { Effect: 'Allow', Action: 's3:*', Resource: '*' };
    const document = { Version: VERSION, Statement: [statement, { ...statement, Ressource: '*' }] };
    expect(() => policyOf(document, 'mine', 'identity')).toThrow(/^policy mine: statement 2: .*no element Ressource/);
  });

  it.each<[Attachment, JsonObject, string]>([
    ['trust', { Principal: '*', Action: 'sts:AssumeRole', Resource: '*' }, 'a trust policy has no Resource'],
    ['trust', { NotPrincipal: '*', Action: 'sts:AssumeRole' }, 'a trust policy has no NotPrincipal'],
    ['trust', { Action: 'sts:AssumeRole' }, 'expected either Principal or NotPrincipal'],
    ['trust', { Principal: {}, Action: 'sts:AssumeRole' }, 'Principal must be "*" or an object'],
    ['trust', { Principal: { Aws: '*' }, Action: 'sts:AssumeRole' }, 'Principal has no kind Aws'],
    ['trust', { Principal: { AWS: 'arn:aws:iam::111122223333:role/*' }, Action: 'sts:AssumeRole' }, 'the whole ARN'],
    ['trust', { Principal: { AWS: 'worker' }, Action: 'sts:AssumeRole' }, 'the whole ARN'],
    ['trust', { Principal: { Service: 7 }, Action: 'sts:AssumeRole' }, 'Principal.Service must be a string'],
    ['resource', { Action: 's3:*', Resource: '*' }, 'expected either Principal or NotPrincipal'],
  ])('refuse in a %s policy %j', (attachment, statement, message) => {
    const document = { Version: VERSION, Statement: [{ Effect: 'Allow', ...statement }] };
    expect(() => policyOf(document, 'mine', attachment)).toThrow(message);
  });
});
