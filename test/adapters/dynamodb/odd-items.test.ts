import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { contentOf } from '../../../lambdas/adapters/dynamodb/content.ts';
import { dynamoControls } from '../../../lambdas/adapters/dynamodb/control-desk.ts';
import { dynamoCounters } from '../../../lambdas/adapters/dynamodb/counters.ts';
import { dynamoHeads } from '../../../lambdas/adapters/dynamodb/heads.ts';
import { keys } from '../../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoRollouts } from '../../../lambdas/adapters/dynamodb/rollouts.ts';
import { Terminal } from '../../../lambdas/core/errors.ts';
import { answering, inDynamo } from '../../support/answering.ts';
import { aClosedChain } from '../../support/archive.ts';

const VALUE = 'Ada Lovelace';
const NAMES = { state: 'state', audit: 'audit' };
const COUNTER = { subject: 'tenant#acme', window: 'hour', shard: 0 };
const counter = { ...keys.counter(COUNTER), used: 1, expiresAt: 2 };
const at = { pk: 'P', sk: 'S' };

/** Over a table that has this one item, whichever way it is asked for. */
const over = (item: object) => {
  const found = inDynamo(item);
  return answering({ Item: found, Items: [found], Responses: { state: [found] } }).connection;
};

describe('an item that this release does not know', () => {
  const Content = z.strictObject({ note: z.string().refine((text) => text === '', 'a note must be empty') });

  it.each<[string, () => unknown, string]>([
    [
      'of content',
      () => contentOf(z.strictObject({ who: z.int() }), { ...at, content: { who: VALUE } }),
      'item P / S is not what this release keeps there: who (invalid_type)',
    ],
    [
      'that breaks a rule of its own',
      () => contentOf(Content, { ...at, content: { note: VALUE } }),
      'item P / S is not what this release keeps there: note (a note must be empty)',
    ],
    [
      'without content',
      () => contentOf(Content, at),
      'item P / S is not what this release keeps there: the whole (invalid_type)',
    ],
    [
      'of a counter',
      () => dynamoCounters(over({ ...counter, used: VALUE }), 'state').read([COUNTER]),
      `counter ${counter.pk} / ${counter.sk} is not what this release keeps there: used (invalid_type)`,
    ],
    [
      'of a hold',
      () => dynamoCounters(over({ ...counter, 'hold#h1': { amount: VALUE, until: VALUE } }), 'state').read([COUNTER]),
      `hold h1 of counter ${counter.pk} / ${counter.sk} is not what this release keeps there: amount (invalid_type), until (invalid_format)`,
    ],
    [
      'of a control, among all',
      () => dynamoControls(over({ ...at, change: VALUE }), NAMES).all(),
      'item P / S is not what this release keeps there: change (invalid_type)',
    ],
    [
      'of a control',
      () => dynamoControls(over({ ...at, change: VALUE }), NAMES).root('tenant:acme'),
      'the root of control tenant:acme is not what this release keeps there: change (invalid_type)',
    ],
    [
      'of a rollout',
      () => dynamoRollouts(over({ ...at, content: VALUE, head: { seq: 1, hash: VALUE } }), NAMES).of('ticket-triage'),
      'the rollout of ticket-triage is not what this release keeps there: content (invalid_type)',
    ],
  ])('%s is a fault that says where it does not fit, and quotes nothing', async (_, work, message) => {
    const thrown = await (async () => work())().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Terminal);
    expect((thrown as Error).message).toContain(message);
    expect((thrown as Error).message).not.toContain(VALUE);
  });

  it('is told of beside the heads of a day where it is listed among them', async () => {
    const at = { pk: 'RUN#acme#r', sk: '00000001' };
    const head = { ...at, gsi1sk: 'a'.repeat(64) };
    const items = [{ ...at, gsi1sk: VALUE }, head].map(inDynamo);
    expect(await dynamoHeads(answering({ Items: items }).connection, 'audit').of('2030-01-02', 3)).toEqual({
      heads: [{ chain: at.pk, seq: 1, hash: head.gsi1sk }],
      strange: [
        {
          chain: at.pk,
          fault:
            'item 00000001 of audit is listed as a head of 2030-01-02 and is none: expected the number of a record and its hash, found others: gsi1sk (invalid_format): see who wrote it',
        },
      ],
    });
  });

  it('is a fault of its chain alone where it is a record of one', async () => {
    const { leaf, records } = aClosedChain('2030-01-02T12:00:00.000Z');
    const items = records.map((content, seq) => inDynamo({ ...keys.audit(leaf.chain, seq), content }));
    const whole = dynamoHeads(answering({ Items: items }).connection, 'audit');
    expect(await whole.chain(leaf.chain)).toEqual({ records });

    const odd = inDynamo({ ...keys.audit(leaf.chain, 1), content: { ...records[1], seq: VALUE } });
    const spoilt = dynamoHeads(answering({ Items: items.with(1, odd) }).connection, 'audit');
    expect(await spoilt.chain(leaf.chain)).toEqual({ fault: 'record 1 is not one of an audit: seq (invalid_type)' });
  });
});
