import { expect, it } from 'vitest';
import { isSentAgain } from '../../../lambdas/core/tasks/sent-again.ts';

const [head, request] = [{ seq: 1, hash: 'h1' }, 'r'];
const record = { hash: 'h1', user: { id: 'op-1' }, args_redacted: { request } };

it.each<[string, boolean, readonly unknown[]]>([
  ['of this very request, by the same person', true, [{}, record]],
  ['of another request', false, [{}, { ...record, args_redacted: { request: 'other' } }]],
  ['of a request that names none', false, [{}, { ...record, args_redacted: undefined }]],
  ['by somebody else', false, [{}, { ...record, user: { id: 'op-2' } }]],
  ['by nobody', false, [{}, { ...record, user: undefined }]],
  ['another one than its number leads to', false, [{}, { ...record, hash: 'h2' }]],
  ['not there', false, [{}]],
])('a request is only sent again where the head of the chain is %s: %s', (_, expected, records) => {
  expect(isSentAgain({ records: records as never }, head, { by: 'op-1', request })).toBe(expected);
});
