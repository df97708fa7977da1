import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { approvalCheck } from '../../../lambdas/adapters/dynamodb/approvals.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../../lambdas/adapters/dynamodb/table.ts';
import { transact } from '../../../lambdas/adapters/dynamodb/transact.ts';
import type { ApprovalHead } from '../../../lambdas/core/gate/approval.ts';
import type { ApprovalHold } from '../../../lambdas/core/ledger.ts';
import { AT, aRunId } from '../../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../../support/dynoxide.ts';

const anyHead = (given: Partial<ApprovalHead> = {}): ApprovalHead => ({
  action: 1,
  round: 1,
  digest: 'a'.repeat(64),
  requester: 'u-1',
  expiresAt: new Date(AT.getTime() + 1).toISOString(),
  approved: { approver: 2, operator: 1 },
  approvers: ['a-1', 'a-2', 'o-1'],
  vetoed: false,
  decisions: [{ by: 'a-1', roles: ['approver'], decision: 'approve', at: AT.toISOString() }],
  ...given,
});

describe.skipIf(!hasDynoxide)("the check of an approval in a writ's transaction", () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  /** Whether it holds for a head that lies in the table just as it was found. */
  const holds = async (head: ApprovalHead, needs: ApprovalHold['needs'] = NEEDS) => {
    const ref = { tenant: 'acme', run: aRunId() };
    await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.approval(ref, head), content: head });
    const hold = { head, digest: 'a'.repeat(64), needs, requester: 'u-1', now: AT };
    const write = approvalCheck(dynoxide.state, ref, hold);
    return (await transact(dynoxide.connection, [{ refusal: 'not-so', write }])) === undefined;
  };
  const NEEDS: ApprovalHold['needs'] = [
    { role: 'approver', approvers: 2 },
    { role: 'operator', approvers: 1 },
  ];

  it('holds where enough different people approved, of each role', async () => {
    expect(await holds(anyHead())).toBe(true);
    expect(await holds(anyHead({ approved: { approver: 3, operator: 3 } }))).toBe(true);
    expect(await holds(anyHead({ approvers: ['a-1'] }), [{ role: 'operator', approvers: 1 }])).toBe(true);
    expect(await holds(anyHead({ approvers: [] }), [])).toBe(true);
  });

  it.each<[string, Partial<ApprovalHead>]>([
    [
      'two people of both roles, where three are needed',
      { approved: { approver: 2, operator: 2 }, approvers: ['b-1', 'b-2'] },
    ],
    ['too few of the first role', { approved: { approver: 1, operator: 2 } }],
    ['nobody of the second role', { approved: { approver: 3, operator: 0 } }],
    ['whoever asked among them', { approvers: ['a-1', 'a-2', 'o-1', 'u-1'] }],
    ['somebody who refused', { vetoed: true }],
    ['another digest', { digest: 'b'.repeat(64) }],
    ['its time over', { expiresAt: AT.toISOString() }],
  ])('refuses one with %s, also where it is as it was found', async (_, given) => {
    expect(await holds(anyHead(given))).toBe(false);
  });
});
