import { afterEach, describe, expect, it } from 'vitest';
import { apiAt } from '../../../cli/client.ts';
import { type BatchOptions, runBatch } from '../../../cli/demo/batch.ts';
import { proposedQueue, queueOf } from '../../../cli/demo/results.ts';
import type { Ticket } from '../../../cli/tickets/tickets.ts';
import { assigned, type FakeApi, type FakeApiGiven, startFakeApi } from '../support/fake-api.ts';

let api: FakeApi | undefined;
afterEach(async () => {
  await api?.close();
  api = undefined;
});

const aTicket = (id: string, more: Partial<Ticket> = {}): Ticket => ({
  line: 1,
  id,
  summary: `ticket ${id}`,
  forgotten: false,
  reply: false,
  hostile: false,
  ...more,
});

const triage = async (tickets: readonly Ticket[], given: FakeApiGiven = {}, more: Partial<BatchOptions> = {}) => {
  const fake = await startFakeApi(given);
  api = fake;
  const waits: number[] = [];
  let clock = 0;
  const results = await runBatch({
    api: apiAt({ url: fake.url, token: async () => 'token', advice: '', pause: async () => undefined }),
    workflow: 'ticket-triage',
    filed: tickets.map((ticket, index) => ({ ticket, issueKey: `OPS-${index + 1}` })),
    batch: 'b',
    inFlight: 10,
    lookMs: { shortest: 100, longest: 1_000 },
    patienceMs: 30_000,
    now: () => clock,
    wait: async (ms) => {
      waits.push(ms);
      clock += ms;
    },
    onSettled: () => undefined,
    ...more,
  });
  return { results, waits, fake };
};

const many = (count: number) => Array.from({ length: count }, (_, index) => aTicket(`T-${index}`));

describe('a batch', () => {
  it('is submitted once, each ticket under a key of its own, and comes back in its order', async () => {
    const { results, fake } = await triage(many(250));
    expect(results.map(({ ticket }) => ticket.id)).toEqual(many(250).map(({ id }) => id));
    expect(results.every(({ outcome }) => outcome === 'assigned')).toBe(true);
    const submitted = fake.requests.filter(({ method, path }) => method === 'POST' && path === '/v1/tasks');
    expect(new Set(submitted.map(({ headers }) => headers['idempotency-key'])).size).toBe(250);
    expect(submitted).toHaveLength(250);
  });

  it('has no more runs on their way than it may', async () => {
    let most = 0;
    let closed = 0;
    const { fake } = await triage(many(40), {
      close: (run) => {
        closed += 1;
        assigned(run, 'Network');
      },
      instead: (method, path) => {
        if (method === 'POST' && path === '/v1/tasks') most = Math.max(most, (api?.runs.length ?? 0) - closed + 1);
        return undefined;
      },
    });
    expect(fake.runs).toHaveLength(40);
    expect(most).toBeLessThanOrEqual(10);
  });

  it('watches the list, and reads each run once', async () => {
    const { fake } = await triage(many(30));
    const reads = fake.requests.filter(({ method, path }) => method === 'GET' && path !== '/v1/runs');
    expect(reads).toHaveLength(30);
    expect(new Set(reads.map(({ path }) => path)).size).toBe(30);
  });

  it('looks less and less often while nothing happens', async () => {
    let looks = 0;
    const { waits } = await triage(many(1), {
      close: (run) => {
        looks += 1;
        if (looks > 8) assigned(run, 'Network');
      },
    });
    const growing = waits.slice(2, -1);
    expect(growing.length).toBeGreaterThan(4);
    expect(growing.every((ms, index) => index === 0 || ms >= (growing[index - 1] ?? 0))).toBe(true);
    expect(Math.max(...waits)).toBe(1_000);
  });

  it('answers what is asked where it is to, and settles the rest as asked', async () => {
    const { results, fake } = await triage([
      aTicket('forgotten', { forgotten: true }),
      aTicket('replied', { forgotten: true, reply: true }),
      aTicket('complete'),
    ]);
    expect(results.map(({ outcome }) => outcome)).toEqual(['asked', 'assigned', 'assigned']);
    const replies = fake.requests.filter(({ path }) => path.endsWith('/reply'));
    expect(replies).toMatchObject([{ body: { fields: { issueKey: 'OPS-2' } } }]);
    expect(fake.runs.find(({ input }) => input.summary === 'ticket forgotten')?.input).not.toHaveProperty('issueKey');
  });

  it('settles as asked what asks again after its answer', async () => {
    const { results } = await triage([aTicket('stubborn', { forgotten: true, reply: true })], {
      close: (run) => {
        run.status = 'waiting';
        run.round = 1;
      },
    });
    expect(results).toMatchObject([{ outcome: 'asked', view: { question: { round: 1 } } }]);
  });

  it('tells the outcomes apart, and does not take a proposal for an assignment', async () => {
    const outcomes: Record<string, string> = {
      a: 'completed',
      b: 'escalated',
      c: 'not-eligible',
      d: 'refused',
      e: 'recorded',
      f: 'failed',
    };
    const { results } = await triage(
      Object.keys(outcomes).map((id) => aTicket(id)),
      {
        close: (run) => {
          assigned(run, 'Network', 0.4);
          run.outcome = outcomes[run.input.summary?.slice(-1) ?? ''] ?? '';
        },
      }
    );
    expect(results.map(({ outcome }) => outcome)).toEqual([
      'assigned',
      'escalated',
      'not-eligible',
      'refused',
      'recorded',
      'failed',
    ]);
    expect(results.map(queueOf)).toEqual(['Network', undefined, undefined, undefined, 'Network', undefined]);
    expect(results.map(proposedQueue)).toEqual(Array.from({ length: 6 }, () => 'Network'));
  });

  it('counts what the API refuses as failed, with its words, and goes on', async () => {
    const { results } = await triage([aTicket('a', { summary: '' }), aTicket('b')]);
    expect(results).toMatchObject([
      { outcome: 'failed', problem: 'The input is not right. summary: expected text.' },
      { outcome: 'assigned' },
    ]);
  });

  it('repeats what did not arrive, under the same key', async () => {
    let failures = 6;
    const { results, fake } = await triage(many(3), {
      instead: () => {
        failures -= 1;
        return failures >= 0 ? { status: 503, body: {}, headers: { 'retry-after': '0' } } : undefined;
      },
    });
    expect(results.map(({ outcome }) => outcome)).toEqual(['assigned', 'assigned', 'assigned']);
    expect(fake.runs).toHaveLength(3);
  });

  it('gives up what does not move, and says so', async () => {
    const { results } = await triage(
      many(3),
      { close: (run) => run.input.summary !== 'ticket T-1' && assigned(run, 'Network') },
      { patienceMs: 5_000 }
    );
    expect(results.map(({ outcome }) => outcome)).toEqual(['assigned', 'failed', 'assigned']);
    expect(results[1]?.problem).toBe('still active after 5 s in which nothing happened');
  });

  it('ends when it is interrupted', async () => {
    const stopped = new Error('interrupted');
    await expect(triage(many(2), {}, { wait: async () => Promise.reject(stopped) })).rejects.toBe(stopped);
  });
});
