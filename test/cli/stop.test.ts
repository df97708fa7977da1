import { describe, expect, it } from 'vitest';
import type { FakeAnswer, FakeApiGiven } from './support/fake-api.ts';
import { writ } from './support/writ.ts';

const HEAD = { seq: 4, hash: 'e'.repeat(64) };
const NEVER_SET = '0'.repeat(64);

/** An API where these controls stand, and that answers a change so. */
const standing = (controls: readonly object[], changed: (tries: number) => FakeAnswer): FakeApiGiven => {
  let tries = 0;
  return {
    instead: (method) => {
      if (method === 'GET') return { status: 200, body: { controls } };
      tries += 1;
      return changed(tries);
    },
  };
};
const bodiesOf = (requests: readonly { method: string; body: unknown }[]) =>
  requests.filter(({ method }) => method === 'PUT').map(({ body }) => body);

describe('stop and resume', () => {
  it.each([
    [['stop', 'global'], '/v1/controls/global', true],
    [['stop', 'scope', 'jira:write'], '/v1/controls/scope/jira%3Awrite', true],
    [['resume', 'tenant', 'demo', '--mode', 'shadow'], '/v1/controls/tenant/demo', false],
  ])('%j', async (args, path, stopped) => {
    const answer = { subject: 'scope:jira:write', stopped, reason: 'drill', by: 'x', at: 'y' };
    const { code, out, requests } = await writ(
      [...args, '--reason', 'drill'],
      standing([], () => ({ status: 200, body: answer }))
    );
    expect(code).toBe(0);
    expect(requests).toMatchObject([
      { method: 'GET', path: '/v1/controls' },
      { method: 'PUT', path, body: { stopped, reason: 'drill', expects: NEVER_SET } },
    ]);
    expect(out).toContain(stopped ? 'scope:jira:write is stopped.' : 'scope:jira:write is running.');
  });

  it.each([
    [['resume', 'scope', 'jira:write'], 'scope:jira:write'],
    [['resume', 'global'], 'global'],
    [['stop', 'global'], 'global'],
    [['stop', 'global', '--everything', '--for', '2h'], 'global'],
    [['stop', 'tenant', 'demo', '--everything', '--mode', 'autopilot'], 'tenant:demo'],
  ])('%j says what it saw, and says the same again where no answer comes', async (args, subject) => {
    const controls = [
      { subject: 'workflow:other', stopped: true, head: { seq: 0, hash: 'a'.repeat(64) } },
      { subject, stopped: true, head: HEAD },
    ];
    const { code, requests } = await writ(
      [...args, '--reason', 'drill'],
      standing(controls, (tries) =>
        tries === 1 ? { status: 503, body: {} } : { status: 200, body: { subject, stopped: false } }
      )
    );
    const [first, ...again] = bodiesOf(requests);
    expect(code).toBe(0);
    expect(first).toMatchObject({ expects: HEAD.hash });
    expect(again).toEqual([first]);
    expect(requests.filter(({ method }) => method === 'GET')).toHaveLength(1);
  });

  it('does not send a resume again that could not say what it saw', async () => {
    const { code, requests } = await writ(
      ['resume', 'global', '--reason', 'drill'],
      standing([{ subject: 'global', stopped: true }], () => ({ status: 503, body: {} }))
    );
    expect([code, bodiesOf(requests)]).toEqual([1, [{ stopped: false, reason: 'drill' }]]);
  });

  it('stops without a look what nothing can stop more, and where nobody can look', async () => {
    const blind: FakeApiGiven = {
      instead: (method) =>
        method === 'GET' ? { status: 404, body: {} } : { status: 200, body: { subject: 'global', stopped: true } },
    };
    const most = await writ(['stop', 'global', '--everything', '--reason', 'drill'], blind);
    expect(most.requests).toMatchObject([{ method: 'PUT', body: { stopped: true, stops: 'everything' } }]);
    expect(bodiesOf(most.requests)[0]).not.toHaveProperty('expects');
    const less = await writ(['stop', 'global', '--reason', 'drill'], blind);
    expect([less.code, bodiesOf(less.requests)]).toMatchObject([0, [{ stopped: true, expects: NEVER_SET }]]);
    const resumed = await writ(['resume', 'global', '--reason', 'drill'], blind);
    expect([resumed.code, bodiesOf(resumed.requests)]).toEqual([1, []]);
  });

  it('stops everything, for a time, and shows what that replaces', async () => {
    const replaced = { stopped: true, subject: 'global', stops: 'everything', by: 'op\u001b[2J', reason: 'a breach' };
    const { out, requests } = await writ(['stop', 'global', '--reason', 'drill', '--everything', '--for', '2h'], {
      instead: () => ({
        status: 200,
        body: { subject: 'global', stopped: true, stops: 'everything', until: '2030-01-02T05:04:05.000Z', replaced },
      }),
    });
    const [body] = bodiesOf(requests);
    expect(body).toMatchObject({ stopped: true, stops: 'everything', until: expect.stringMatching(/Z$/) });
    expect(out).toContain('It stops everything until 2030-01-02T05:04:05.000Z.');
    expect(out).toContain('It replaces a stop of everything until somebody resumes, by op');
    expect(out).toContain('a breach. That one stopped more.');
    expect(out).toContain('No task is accepted there');
    expect(out).not.toContain('\u001b[2J');
  });

  it.each([
    [{ stops: 'writes' }, { stops: 'everything' }, true],
    [{ stops: 'everything' }, { stops: 'writes', until: '2030-01-01T00:00:00.000Z' }, false],
    [{ until: '2030-01-01T00:00:00.000Z' }, { until: '2030-01-02T00:00:00.000Z' }, true],
    [{ until: '2030-01-02T00:00:00.000Z' }, { until: '2030-01-01T00:00:00.000Z' }, false],
    [{}, {}, false],
  ])('of %o in place of %o', async (stop, before, isWeaker) => {
    const body = { subject: 'global', stopped: true, ...stop, replaced: before };
    const { out } = await writ(['stop', 'global', '--reason', 'drill'], { instead: () => ({ status: 200, body }) });
    expect(out.includes('That one stopped more.')).toBe(isWeaker);
  });

  it.each([
    [['--for', '2 hours'], '--for expects a time such as 30m, 2h or 3d'],
    [['--for', '0m'], '--for expects'],
    [['--for', '400d'], 'at most 366 days'],
    [['--until', 'tomorrow'], '--until expects a time with its zone'],
    [['--until', '2030-01-02T18:00:00'], '--until expects a time with its zone'],
    [['--until', '2030-01-02T18:00:00Z', '--for', '2h'], 'give one of them'],
  ])('does not take %j', async (options, said) => {
    const { code, err, requests } = await writ(['stop', 'global', '--reason', 'x', ...options]);
    expect([code, requests]).toEqual([2, []]);
    expect(err).toContain(said);
  });

  it('lists what is executing under a stop, and lets nothing hostile through', async () => {
    const claim = { tenant: 'demo', run: 'r\u001b[2J1', scope: 'jira:write', action: 1, since: 'S', leaseUntil: 'L' };
    const { out } = await writ(['stop', 'global', '--reason', 'drill'], {
      instead: () => ({ status: 200, body: { subject: 'global', stopped: true, executing: [claim] } }),
    });
    expect(out).toMatch(/ {2}run r.*1, action 1 of jira:write, since S, lease until L/);
    expect(out).not.toContain('\u001b[2J');
  });

  it.each([
    ['stop', 'workflow', 'ticket-traige', ['ticket-triage', 'x\u001b[2J'], 'ticket-triage, x', 'stopped'],
    ['resume', 'scope', 'jira:wirte', ['jira:read', 'jira:write'], 'jira:read, jira:write', 'resumed'],
    ['stop', 'scope', 'jira:wirte', [], 'none', 'stopped'],
  ])('%s %s %s: says that none of this name is deployed', async (verb, level, name, deployedInstead, there, state) => {
    const body = { subject: `${level}:${name}`, stopped: verb === 'stop', deployed: false, deployedInstead };
    const { code, out } = await writ(
      [verb, level, name, '--reason', 'drill'],
      standing([], () => ({ status: 200, body }))
    );
    expect(code).toBe(0);
    expect(out).toContain(`No ${level} of this name is deployed here: there is ${there}`);
    expect(out).toContain(`if the name is mistyped, nothing is ${state}.`);
    expect(out).not.toContain('\u001b[2J');
  });

  it('shows how controls stand', async () => {
    const { out, requests } = await writ(['controls'], {
      instead: () => ({ status: 200, body: { controls: [{ subject: 'tenant:demo', stopped: true, mode: 'shadow' }] } }),
    });
    expect(requests).toMatchObject([{ method: 'GET', path: '/v1/controls' }]);
    expect(out).toMatch(/tenant:demo +stopped +shadow/);
  });

  it('shows a stop that has ended by itself as expired', async () => {
    const control = { subject: 'global', stopped: true, stops: 'everything', until: '2030-01-02T03:04:05.000Z' };
    const { out } = await writ(['controls'], {
      instead: () => ({ status: 200, body: { controls: [{ ...control, expired: true }] } }),
    });
    expect(out).toMatch(/global +expired +everything/);
  });
});
