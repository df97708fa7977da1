import { afterEach, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { type FakeApi, startFakeApi } from './support/fake-api.ts';
import { aShell } from './support/shell.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const served = (letter: string, number: number) => ({
  release: letter.repeat(64),
  machine: `arn:aws:states:us-east-1:000000000000:stateMachine:ticket-triage:${number}`,
});
const plain = {
  workflow: 'ticket-triage',
  stable: served('a', 1),
  by: 'op-1',
  at: '2030-01-02T03:04:05.000Z',
  reason: 'a \u001b[31mtest',
};
const seen = { ...plain, head: { seq: 3, hash: 'e'.repeat(64) } };
const summary = { runs: 60, completed: 60, escalated: 0, failed: 0, unfinished: 0, medianMs: 1_500, meanMicrousd: 12 };
const compared = {
  ...plain,
  candidate: { ...served('b', 2), share: 10, tenants: ['acme'], since: plain.at },
  previous: served('c', 0),
  comparison: {
    verdict: 'worse',
    look: 50,
    bound: 0.005,
    measured: [{ measure: 'failed', p: 0.000_12, finding: 'worse' }],
    stable: summary,
    candidate: { ...summary, completed: 40, failed: 19, unfinished: 1 },
  },
};

const writ = async (args: readonly string[], body: object = plain, failures = 0) => {
  let left = failures;
  api = await startFakeApi({
    instead: (method) => {
      if (method === 'GET') return { status: 200, body };
      left -= 1;
      return left >= 0 ? { status: 503, body: {} } : { status: 200, body: plain };
    },
  });
  const { shell, written } = aShell({ env: { WRIT_API: api.url, WRIT_TOKEN: 'secret-token' } });
  const code = await main(args, shell);
  return { code, ...written, requests: api.requests };
};

describe('releases', () => {
  it('shows who serves, and how the candidate compares', async () => {
    const { code, out, requests } = await writ(['releases'], compared);
    expect(code).toBe(0);
    expect(requests).toMatchObject([{ method: 'GET', path: '/v1/releases/ticket-triage' }]);
    expect(out).toMatch(/aaaaaaaaaaaa +stable/);
    expect(out).toMatch(/bbbbbbbbbbbb +candidate +10 % and acme/);
    expect(out).toContain('The candidate is worse.');
    expect(out).toContain('failed: worse (p 0.00012, bound 0.005)');
    expect(out).toContain('what differs may be the tenants');
    expect(out).not.toContain('\u001b[31mtest');
  });

  it('gives the answer as it came with --json', async () => {
    const { out } = await writ(['releases', 'ticket-triage', '--json'], compared);
    expect(JSON.parse(out)).toMatchObject({ comparison: { verdict: 'worse' } });
  });

  it.each([
    [['canary', '--share', '10'], { action: 'canary', share: 10, automatic: { rollback: true, promote: false } }],
    [
      ['canary', '--tenants', 'acme, demo', '--auto-promote', '--no-auto-rollback'],
      { action: 'canary', tenants: ['acme', 'demo'], automatic: { rollback: false, promote: true } },
    ],
    [['promote'], { action: 'promote' }],
    [['rollback'], { action: 'rollback' }],
  ] as const)('sends %j', async ([verb, ...options], body) => {
    const { code, requests } = await writ([verb, 'ticket-triage', ...options, '--reason', 'a test'], seen);
    expect(code).toBe(0);
    const path = '/v1/releases/ticket-triage';
    expect(requests).toMatchObject([
      { method: 'GET', path },
      { method: 'PUT', path },
    ]);
    expect(requests[1]?.body).toEqual({ ...body, reason: 'a test', expects: seen.head.hash });
  });

  it('sends a change again, as of what was seen, where the answer does not come', async () => {
    const { code, requests } = await writ(['rollback', 'ticket-triage', '--reason', 'a test'], seen, 1);
    expect(code).toBe(0);
    const [, first, second, ...more] = requests;
    expect(second?.body).toEqual(first?.body);
    expect([second?.method, more.length]).toEqual(['PUT', 0]);
  });

  it('sends a change once where it cannot say what was seen', async () => {
    const { code, requests } = await writ(['rollback', 'ticket-triage', '--reason', 'a test'], plain, 1);
    expect([code, requests.length]).toEqual([1, 2]);
  });

  it.each([
    [['canary', 'ticket-triage', '--reason', 'x'], /--share, such as 10, or --tenants/],
    [['canary', 'ticket-triage', '--share', '100', '--reason', 'x'], /1 to 99, found 100/],
    [['canary', 'ticket-triage', '--share', '1.5', '--reason', 'x'], /1 to 99, found 1\.5/],
    [['promote', 'ticket-triage', '--reason', ' '], /--reason expects a sentence/],
    [['rollback', 'ticket-triage'], /--reason/],
  ] as const)('refuses %j and sends nothing', async (args, message) => {
    const { code, err, requests } = await writ(args);
    expect([code, requests.length]).toEqual([2, 0]);
    expect(err).toMatch(message);
  });
});
