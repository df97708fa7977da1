import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import { ApprovalHead, ApprovalRequest, peopleFor, type Round } from '../../core/gate/approval.ts';
import type { ApprovalHold } from '../../core/ledger.ts';
import type { RunRef } from '../../core/names.ts';
import { Plan } from '../../core/records.ts';
import { Run } from '../../core/run.ts';
import { BY_TENANT, partition, prefix } from '../../core/tables.ts';
import type { ApprovalFile, Approvals, Position } from '../../core/tasks/ports.ts';
import type { Connection } from './connection.ts';
import { contentOf, expiresAt } from './content.ts';
import { keys } from './keys.ts';
import { dynamoTable, type Expression, type Item, type Key } from './table.ts';
import { transact, write } from './transact.ts';

/** Where the index has a request: sorted by when it expires, so that what has expired is not looked at. */
export const pendingPlace = (expires: string, run: string): string => `${expires}#${run}`;

/** A request, and what lists it in the index as long as it has not expired. */
export const requestItem = (ref: RunRef, request: ApprovalRequest): Item => ({
  ...keys.request(ref, request),
  gsi1pk: partition.pending(ref.tenant),
  gsi1sk: pendingPlace(request.expiresAt, ref.run),
  content: request,
  expiresAt: expiresAt(new Date(request.at)),
});

/**
 * Checks that an approval is as it was found, and good for what is to be done: of this digest, not expired, refused by
 * nobody, by enough people of each role and of all together, and not by whoever asked.
 */
export const approvalCheck = (
  table: string,
  ref: RunRef,
  { head, digest, needs, requester, now }: ApprovalHold
): TransactWriteItem => {
  const of = (at: number): string => `#content.#approved.#role${at} >= :needed${at}`;
  const condition = [
    '#content = :found',
    '#content.#digest = :digest',
    '#content.#expiresAt > :now',
    '#content.#vetoed = :false',
    'NOT contains(#content.#approvers, :requester)',
    ...needs.map((_, at) => of(at)),
    'size(#content.#approvers) >= :people',
  ].join(' AND ');
  return write.check(table, keys.approval(ref, head), {
    condition,
    names: {
      '#content': 'content',
      '#digest': 'digest',
      '#expiresAt': 'expiresAt',
      '#vetoed': 'vetoed',
      '#approvers': 'approvers',
      ...(needs.length > 0 && { '#approved': 'approved' }),
      ...Object.fromEntries(needs.map(({ role }, at) => [`#role${at}`, role])),
    },
    values: {
      ':found': head,
      ':digest': digest,
      ':now': now.toISOString(),
      ':false': false,
      ':requester': requester,
      ':people': peopleFor(needs),
      ...Object.fromEntries(needs.map(({ approvers }, at) => [`:needed${at}`, approvers])),
    },
  });
};

/** A request's run and round, by where it lies: `REQUEST#tenant#run`, `1#2`. No name has a `#`. */
const placeOf = ({ pk, sk }: Key): { readonly ref: RunRef; readonly round: Round } => {
  const [, tenant = '', run = ''] = pk.split('#');
  const [action, round] = sk.split('#').map(Number);
  return { ref: { tenant, run }, round: { action: action ?? 0, round: round ?? 0 } };
};

/** Holds as long as nobody has said anything since. */
const unchangedSince = (head: ApprovalHead | undefined): Expression =>
  head === undefined
    ? { condition: 'attribute_not_exists(pk)' }
    : { condition: '#content = :found', names: { '#content': 'content' }, values: { ':found': head } };

/** Approvals on DynamoDB, as those see them who are asked. */
export const dynamoApprovals = (connection: Connection, table: string): Approvals => {
  const state = dynamoTable(connection, table);

  const files = async (places: readonly ReturnType<typeof placeOf>[]): Promise<readonly ApprovalFile[]> => {
    const runs = new Map(places.map(({ ref }) => [keys.run(ref).pk, keys.run(ref)]));
    const wanted = places.flatMap(({ ref, round }) => [
      keys.request(ref, round),
      keys.approval(ref, round),
      keys.plan(ref, round.action),
    ]);
    const plans = new Map([...runs.values(), ...wanted].map((key) => [`${key.pk}/${key.sk}`, key]));
    const found = new Map((await state.getAll([...plans.values()])).map((item) => [`${item.pk}/${item.sk}`, item]));
    const at = ({ pk, sk }: Key): Item | undefined => found.get(`${pk}/${sk}`);
    return places.flatMap(({ ref, round }): ApprovalFile[] => {
      const [run, request] = [at(keys.run(ref)), at(keys.request(ref, round))];
      const [plan, head] = [at(keys.plan(ref, round.action)), at(keys.approval(ref, round))];
      if (run === undefined || request === undefined) return [];
      return [
        {
          run: contentOf(Run, run),
          request: contentOf(ApprovalRequest, request),
          ...(plan && { plan: contentOf(Plan, plan) }),
          ...(head && { head: contentOf(ApprovalHead, head) }),
        },
      ];
    });
  };

  return {
    file: async (ref, round) => (await files([{ ref, round }]))[0],

    async pending(tenant, { limit, now, after }) {
      const page = await state.query({
        index: BY_TENANT,
        partition: partition.pending(tenant),
        behind: after === undefined ? now.toISOString() : pendingPlace(after.createdAt, after.run),
        limit,
      });
      // an entry's key is its request's own, which only Approve can write
      const entries = page.items.filter(({ pk }) => pk.startsWith(prefix.request));
      const last = page.next?.gsi1sk;
      const [createdAt, run] = typeof last === 'string' ? last.split('#') : [];
      const next: Position | undefined = createdAt && run ? { createdAt, run } : undefined;
      return { files: await files(entries.map(placeOf)), ...(next && { next }) };
    },

    async decide(ref, { request, before, head, decided, comment }) {
      const { digest } = request;
      const failed = await transact(connection, [
        {
          refusal: 'changed',
          write: write.putOnce(table, {
            ...keys.decision(ref, request, decided.by),
            content: { ...decided, digest, ...(comment !== undefined && { text: comment }) },
            expiresAt: expiresAt(new Date(decided.at)),
          }),
        },
        {
          refusal: 'changed',
          write: write.putIf(table, { ...keys.approval(ref, request), content: head }, unchangedSince(before)),
        },
        {
          refusal: 'changed',
          write: write.check(table, keys.request(ref, request), {
            condition: '#content.#digest = :digest AND #content.#expiresAt > :at',
            names: { '#content': 'content', '#digest': 'digest', '#expiresAt': 'expiresAt' },
            values: { ':digest': digest, ':at': decided.at },
          }),
        },
        {
          refusal: 'changed',
          write: write.check(table, keys.run(ref), {
            condition: '#content.#status <> :closed',
            names: { '#content': 'content', '#status': 'status' },
            values: { ':closed': 'closed' },
          }),
        },
      ]);
      return failed === undefined;
    },
  };
};
