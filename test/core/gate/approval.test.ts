import { describe, expect, it } from 'vitest';
import {
  type ApprovalHead,
  type ApprovalRequest,
  type Decided,
  missing,
  vetoRule,
  withDecision,
} from '../../../lambdas/core/gate/approval.ts';
import { AT } from '../../support/builders.ts';

const at = AT.toISOString();
const REQUEST: ApprovalRequest = {
  action: 1,
  round: 2,
  digest: 'a'.repeat(64),
  policy: 'b'.repeat(64),
  rules: ['ASK'],
  needs: [
    { role: 'approver', approvers: 2 },
    { role: 'operator', approvers: 1 },
  ],
  requester: 'u-1',
  at,
  expiresAt: at,
  token: 'token',
};
const said = (by: string, decision: Decided['decision'], ...roles: Decided['roles']): Decided => ({
  by,
  roles,
  decision,
  at,
});
const headOf = (...decisions: readonly Decided[]): ApprovalHead => {
  const [first, ...others] = decisions;
  if (first === undefined) throw new TypeError('a head is of somebody');
  return others.reduce(
    (head, decided) => withDecision(head, REQUEST, decided),
    withDecision(undefined, REQUEST, first)
  );
};

describe('what people say of a request', () => {
  it('comes to who approved, in which role, and every word, oldest first', () => {
    const words = [
      said('a-1', 'approve', 'approver'),
      said('a-2', 'approve', 'submitter', 'approver', 'operator'),
      said('a-3', 'refuse', 'operator'),
      said('a-4', 'approve', 'operator'),
    ];
    expect(headOf(...words)).toEqual({
      action: 1,
      round: 2,
      digest: REQUEST.digest,
      requester: 'u-1',
      expiresAt: at,
      approved: { approver: 2, operator: 2 },
      approvers: ['a-1', 'a-2', 'a-4'],
      vetoed: true,
      decisions: words,
    });
  });

  it('leaves open what nobody has approved yet, role by role', () => {
    const open = (head: ApprovalHead | undefined) => missing(REQUEST.needs, head).roles;
    expect(open(undefined)).toEqual(REQUEST.needs);
    expect(open(headOf(said('a-1', 'approve', 'approver')))).toEqual([
      { role: 'approver', approvers: 1 },
      { role: 'operator', approvers: 1 },
    ]);
    expect(open(headOf(said('a-1', 'refuse', 'approver', 'operator')))).toEqual(REQUEST.needs);
    const both = [said('a-1', 'approve', 'approver'), said('a-2', 'approve', 'approver', 'operator')];
    expect(open(headOf(...both))).toEqual([]);
    expect(open(headOf(...both, said('a-3', 'approve', 'approver')))).toEqual([]);
  });

  it('leaves open how many different people it takes: whoever has two roles counts as one', () => {
    const people = (...words: readonly Decided[]) => missing(REQUEST.needs, headOf(...words)).people;
    const [one, two, three] = ['a-1', 'a-2', 'a-3'].map((by) => said(by, 'approve', 'approver', 'operator'));
    if (!(one && two && three)) throw new TypeError('there are three');
    expect(missing(REQUEST.needs, undefined).people).toBe(3);
    expect(people(one)).toBe(2);
    expect(people(one, two)).toBe(1); // each role has its number, and somebody would count twice
    expect(people(one, two, three)).toBe(0);
    expect(people(one, two, said('o-1', 'approve', 'operator'))).toBe(0);
    expect(people(one, two, said('s-1', 'approve', 'submitter'))).toBe(1);
    expect(people(one, two, said('a-3', 'refuse', 'approver'))).toBe(1);
    const approvers = ['a-1', 'a-2', 'a-3', 'a-4'].map((by) => said(by, 'approve', 'approver'));
    expect(people(...approvers)).toBe(1); // an operator, however many others there are
  });

  it('takes one person where one role alone is asked', () => {
    const [need] = [{ role: 'operator' as const, approvers: 1 }];
    expect(missing([need], headOf(said('a-1', 'approve', 'approver', 'operator')))).toEqual({ roles: [], people: 0 });
    expect(missing([need], headOf(said('a-1', 'approve', 'approver')))).toEqual({ roles: [need], people: 1 });
  });

  it.each([
    ['REFUSED_BY_APPROVER', ['approver']],
    ['REFUSED_BY_OPERATOR', ['submitter', 'operator']],
    ['REFUSED_BY_APPROVER', ['operator', 'approver']],
    ['REFUSED_BY_APPROVER', []],
  ] as const)('is refused by the rule %s where somebody refused as %j', (rule, roles) => {
    const other = said('a-1', 'approve', 'operator');
    expect(vetoRule(headOf(other, said('a-2', 'refuse', ...roles), said('a-3', 'approve', 'operator')))).toBe(rule);
  });

  it('is named by whoever refused first', () => {
    expect(vetoRule(headOf(said('a-1', 'refuse', 'operator'), said('a-2', 'refuse', 'approver')))).toBe(
      'REFUSED_BY_OPERATOR'
    );
  });

  it('is named as an approver where nobody has refused', () => {
    expect(vetoRule(headOf(said('a-1', 'approve', 'operator')))).toBe('REFUSED_BY_APPROVER');
  });
});
