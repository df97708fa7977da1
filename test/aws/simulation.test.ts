import { expect, it } from 'vitest';
import { allow, deny, TENANT } from '../local/iam/cases/case.ts';
import { COMBINING } from '../local/iam/cases/combining.ts';
import { MATCHING } from '../local/iam/cases/matching.ts';
import { VARIABLES } from '../local/iam/cases/variables.ts';
import { isSimulated, simulationOf } from './simulation.ts';

it('asks IAM with the policies, the boundary and the keys of a case, each by its type', () => {
  const context = { ...TENANT, 'dynamodb:LeadingKeys': ['a', 'b'] };
  const asked = simulationOf({
    name: '',
    statements: [allow()],
    documents: [{ Version: '2008-10-17', Statement: deny() }],
    boundary: [allow()],
    action: 'dynamodb:GetItem',
    on: 'arn:aws:dynamodb:eu-west-1:111122223333:table/t',
    context,
    expect: 'explicit-deny',
  });
  expect(asked.PolicyInputList?.map((text) => JSON.parse(text).Version)).toEqual(['2012-10-17', '2008-10-17']);
  expect(asked.PermissionsBoundaryPolicyInputList).toHaveLength(1);
  expect(asked).toMatchObject({
    ActionNames: ['dynamodb:GetItem'],
    ResourceArns: [expect.stringContaining('table/t')],
  });
  expect(asked.ContextEntries).toEqual([
    { ContextKeyName: 'aws:PrincipalTag/tenant', ContextKeyType: 'string', ContextKeyValues: ['acme'] },
    { ContextKeyName: 'dynamodb:LeadingKeys', ContextKeyType: 'stringList', ContextKeyValues: ['a', 'b'] },
  ]);
});

it('leaves out what IAM cannot be asked, and not much else', () => {
  const all = [...MATCHING, ...VARIABLES, ...COMBINING];
  const asked = all.filter(isSimulated);
  expect(asked.length).toBeGreaterThan(all.length / 3);
  expect(
    asked.some(({ resource, session, service, expect: said }) => resource ?? session ?? service ?? said === 'unknown')
  ).toBe(false);
});
