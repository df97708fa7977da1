import { describe, expect, it } from 'vitest';
import { approvalDigest } from '../../../lambdas/core/gate/approval.ts';
import { approvalId, decideApproval, listApprovals, openApproval } from '../../../lambdas/core/tasks/approve.ts';
import type { Identity } from '../../../lambdas/core/tasks/identity.ts';
import type { ApprovalFile } from '../../../lambdas/core/tasks/ports.ts';
import { AT, aPlan, aRun } from '../../support/builders.ts';

const at = AT.toISOString();
const later = (seconds: number): string => new Date(AT.getTime() + seconds * 1_000).toISOString();
const POLICY = 'e'.repeat(64);

const aFile = (
  given: Partial<ApprovalFile> = {},
  approvers = 2
): ApprovalFile & { readonly plan: ReturnType<typeof aPlan> } => {
  const { run } = aRun({ status: 'waiting' });
  const plan = aPlan();
  const digest = approvalDigest(run, plan, POLICY);
  const request = {
    action: 1,
    round: 1,
    digest,
    policy: POLICY,
    rules: ['ASK_TWO'],
    needs: [{ role: 'approver' as const, approvers }],
    requester: 'u-1',
    at,
    expiresAt: later(60),
    token: 'first',
  };
  const head = {
    action: 1,
    round: 1,
    digest,
    requester: 'u-1',
    expiresAt: later(60),
    approved: { approver: 1, operator: 0 },
    approvers: ['a-1'],
    vetoed: false,
    decisions: [{ by: 'a-1', roles: ['approver' as const], decision: 'approve' as const, at }],
  };
  return { run, request, head, plan, ...given };
};

describe('what people see of an approval', () => {
  it('is the action that they approve, who asks, and how far it has come', () => {
    const file = aFile();
    const { tool, arguments: args, provenance, confidence, engine } = file.plan;
    expect(openApproval(file, AT)).toStrictEqual({
      id: `${file.run.run}-1-1`,
      run: file.run.run,
      workflow: file.run.workflow,
      digest: file.request.digest,
      action: { action: 1, tool, arguments: args, provenance, confidence, engine },
      rules: ['ASK_TWO'],
      requester: 'u-1',
      at,
      expiresAt: later(60),
      needs: [{ role: 'approver', approvers: 2 }],
      missing: [{ role: 'approver', approvers: 1 }],
      missingPeople: 1,
      approved: [{ by: 'a-1', at }],
    });
  });

  it.each<[string, Partial<ApprovalFile> | ((file: ApprovalFile) => ApprovalFile)]>([
    ['is other than what was proposed', { plan: aPlan({ arguments: { issueKey: 'OPS-9', component: 'Network' } }) }],
    ['is not known any more', ({ plan: _, ...file }) => file],
    ['is of a run that does not wait', { run: aRun({ status: 'active' }).run }],
    [
      'is decided by one refusal',
      (file) => ({ ...file, head: { ...(file.head as NonNullable<ApprovalFile['head']>), vetoed: true } }),
    ],
    ['has expired this moment', (file) => ({ ...file, request: { ...file.request, expiresAt: at } })],
    ['has been gone on from', (file) => ({ ...file, run: { ...file.run, steps: { 'decide#1.2': {} } } })],
  ])('is nothing where it %s', (_, given) => {
    const file = typeof given === 'function' ? given(aFile()) : aFile(given);
    expect(openApproval(file, AT)).toBeUndefined();
  });
});

describe('the list of what people are asked', () => {
  /** What is pending, a page a look; `looked` says from where each look began. */
  const listed = async (
    pages: readonly (readonly ApprovalFile[])[],
    { limit, cursor }: { readonly limit: number; readonly cursor?: string }
  ) => {
    const looked: unknown[] = [];
    const pending = async (_: string, { after }: { readonly after?: { readonly createdAt: string } }) => {
      looked.push(after);
      const files = pages[looked.length - 1] ?? [];
      const more = looked.length < pages.length && { next: { createdAt: later(looked.length), run: 'b'.repeat(26) } };
      return { files, ...more };
    };
    const list = await listApprovals({ approvals: { pending } as never, now: () => AT }, 'acme', { limit, cursor });
    return { list, looked };
  };
  const over = (): ApprovalFile => aFile({ run: aRun({ status: 'closed' }).run });
  const idsOf = (list: Awaited<ReturnType<typeof listed>>['list']) =>
    'approvals' in list ? list.approvals.map(({ run }) => run) : list.errors;

  it('has as many as were wanted, and goes on behind the last of them', async () => {
    const [first, second, third] = [aFile(), aFile(), aFile()];
    const { list, looked } = await listed([[over(), first, second, third]], { limit: 2 });
    expect(idsOf(list)).toEqual([first.run.run, second.run.run]);
    expect(looked).toEqual([undefined]);
    const next = 'next' in list ? list.next : undefined;
    const behind = await listed([[third]], { limit: 2, ...(next !== undefined && { cursor: next }) });
    expect(behind.looked).toEqual([{ createdAt: later(60), run: second.run.run }]);
    expect([idsOf(behind.list), 'next' in behind.list]).toEqual([[third.run.run], false]);
  });

  it('looks on where all of a page is decided, and ends where there is no more', async () => {
    const file = aFile();
    const { list, looked } = await listed([[over()], [over(), file]], { limit: 2 });
    expect([idsOf(list), 'next' in list]).toEqual([[file.run.run], false]);
    expect(looked).toEqual([undefined, { createdAt: later(1), run: 'b'.repeat(26) }]);
  });

  it('ends after some looks where nearly all is decided, and says where to go on', async () => {
    const { list, looked } = await listed(Array(40).fill([over()]), { limit: 2 });
    expect(idsOf(list)).toEqual([]);
    expect(looked.length).toBeLessThan(20);
    const next = 'next' in list ? list.next : undefined;
    const behind = await listed([[]], { limit: 2, ...(next !== undefined && { cursor: next }) });
    expect(behind.looked).toEqual([{ createdAt: later(looked.length), run: 'b'.repeat(26) }]);
  });

  it('says what it takes where it is asked to go on from something else', async () => {
    expect((await listed([[]], { limit: 2, cursor: 'x' })).list).toEqual({
      errors: [{ field: 'cursor', expected: 'what this list gave as `next`', found: 'something else' }],
    });
  });
});

describe('a word that is enough', () => {
  const by: Identity = { id: 'a-2', tenant: 'acme', roles: ['approver'] };
  /** Decides, where the run looks like this, one file a look. The execution takes the tokens that `answers` names. */
  const decided = async (files: readonly ApprovalFile[], answers: readonly string[]) => {
    const [first] = files;
    if (first === undefined) throw new Error('a decision is on something');
    const asked: string[] = [];
    let looks = 0;
    let pauses = 0;
    const result = await decideApproval(
      {
        approvals: {
          file: async () => {
            looks += 1;
            return files[Math.min(looks, files.length) - 1];
          },
          decide: async () => true,
        } as never,
        executions: {
          answer: async (token: string) => {
            asked.push(token);
            return answers.includes(token) ? 'answered' : 'not-waiting';
          },
        } as never,
        now: () => AT,
        pause: async () => {
          pauses += 1;
        },
      },
      by,
      approvalId(first.run.run, first.request),
      { decision: 'approve', digest: first.request.digest }
    );
    return { result, asked, pauses };
  };
  const NOBODY = { kind: 'decided', missing: { roles: [], people: 0 } };

  it('answers the execution once', async () => {
    expect(await decided([aFile()], ['first'])).toEqual({ result: NOBODY, asked: ['first'], pauses: 0 });
  });

  it('answers the token of a step that has asked again, and each token once', async () => {
    const file = aFile();
    const again = { ...file, request: { ...file.request, token: 'second' } };
    expect(await decided([file, file, again], ['second'])).toEqual({
      result: NOBODY,
      asked: ['first', 'second'],
      pauses: 2,
    });
  });

  it.each<[string, (file: ApprovalFile) => ApprovalFile]>([
    ['is closed', (file) => ({ ...file, run: { ...file.run, status: 'closed' } })],
    ['has gone on', (file) => ({ ...file, run: { ...file.run, steps: { 'decide#1.2': {} } } })],
  ])('waits for nothing where the run %s meanwhile', async (_, later) => {
    const file = aFile();
    expect(await decided([file, later(file)], [])).toEqual({ result: NOBODY, asked: ['first'], pauses: 1 });
  });

  it('says so where the run does not wait, after some looks', async () => {
    expect(await decided([aFile()], [])).toEqual({ result: { kind: 'not-waiting' }, asked: ['first'], pauses: 5 });
  });

  it('waits for the others where it is not enough, and asks the execution nothing', async () => {
    expect(await decided([aFile({}, 3)], [])).toEqual({
      result: { kind: 'decided', missing: { roles: [{ role: 'approver', approvers: 1 }], people: 1 } },
      asked: [],
      pauses: 0,
    });
  });

  it.each(['a', `${'a'.repeat(26)}-0-1`, ''])('is on nothing where the id is %j', async (id) => {
    const none = { file: () => expect.unreachable('nothing is looked up') } as never;
    const deps = { approvals: none, executions: none, now: () => AT, pause: async () => undefined };
    expect(await decideApproval(deps, by, id, { decision: 'approve', digest: POLICY })).toEqual({ kind: 'unknown' });
  });
});
