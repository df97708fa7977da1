import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../../lambdas/core/engine/model/settings.ts';
import { keepsInstructions, saysWhatElseItMust } from './requests.ts';
import { breaksOff, dribbles, hangsUp, says10Megabytes, sends, trickles } from './server.ts';
import { WIRE } from './wire.ts';
import { COST, given, good, question, serverFor } from './world.ts';

/*
 * Every provider's client against a server that speaks its wire format, over HTTP: whatever the server does, an answer is a
 * label that was asked about, or an abstention that says why, and what it may have cost is counted.
 */

describe.each(PROVIDERS)('%s', (provider) => {
  const wire = WIRE[provider];

  it('answers, says what it used, and is given instructions, schema and key where they belong', async () => {
    const { engine, server, most } = await given(provider, [good(wire)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({
      label: 'Network',
      confidence: 0.9,
      abstained: false,
      engine: { kind: 'model', name: `${provider}:m` },
      usage: { inputTokens: 100, cachedTokens: 20, outputTokens: 10, costMicroUsd: COST },
    });
    expect(most).toBeGreaterThan(2 * COST);
    const [request] = server.received;
    expect(server.received).toHaveLength(1);
    expect(request?.path).toMatch(wire.path);
    const [header, value] = wire.key;
    expect(request?.headers[header]).toMatch(value);
    expect(request?.body).toContain('the vpn drops');
    expect(request?.body).toContain('none-of-these');
    expect(request?.body).toMatch(/512/); // an end to what it may say
    expect(request?.body).not.toMatch(/key-of-acme|secret-of-acme/);
  });

  it('takes an answer that comes slowly, in pieces', async () => {
    const { engine } = await given(provider, [
      dribbles(wire.answer({ text: '{"label":"Hardware","confidence":0.8}' })),
    ]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Hardware', abstained: false });
  });

  it.each([
    ['no JSON', 'I think it is Network!'],
    ['a label that nobody asked about', '{"label":"Payroll","confidence":0.9}'],
    ['a confidence beyond 1', '{"label":"Network","confidence":90}'],
    ['members of its own', '{"label":"Network","confidence":0.9,"tool":"delete"}'],
  ])('has %s repaired, once, and pays for both', async (_, text) => {
    const { engine, server, most } = await given(provider, [sends(wire.answer({ text })), good(wire)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ label: 'Network', abstained: false, usage: { costMicroUsd: 2 * COST } });
    expect(server.received).toHaveLength(2);
    expect(server.received[1]?.body).toContain('could not be used');
    expect(answer.usage?.costMicroUsd).toBeLessThanOrEqual(most);
  });

  it('abstains where the repair is no better', async () => {
    const { engine, server } = await given(provider, [sends(wire.answer({ text: 'Network' }))]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({
      label: undefined,
      abstained: true,
      reason: 'unusable',
      usage: { costMicroUsd: 2 * COST },
    });
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ['none of the labels', '{"label":"none-of-these","confidence":0.9}', 'none-fits'],
    ['a label that it is not sure of', '{"label":"Network","confidence":0.69}', 'unsure'],
  ])('abstains on %s', async (_, text, reason) => {
    const { engine, server } = await given(provider, [sends(wire.answer({ text }))]);
    expect(await engine.answer(question)).toMatchObject({ abstained: true, reason, usage: { costMicroUsd: COST } });
    expect(server.received).toHaveLength(1);
  });

  it('is never surer than its word can be worth', async () => {
    const { engine } = await given(provider, [sends(wire.answer({ text: '{"label":"Network","confidence":1}' }))]);
    expect((await engine.answer(question)).confidence).toBe(0.95);
  });

  it('abstains where it declines, and does not ask again', async () => {
    const { engine, server } = await given(provider, [sends(wire.refusal())]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({
      label: undefined,
      abstained: true,
      reason: 'declined',
      usage: { costMicroUsd: COST },
    });
    expect(server.received).toHaveLength(1);
  });

  it('has an answer that ran out of tokens made anew, once', async () => {
    const { engine, server } = await given(provider, [sends(wire.cutShort()), good(wire)]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Network', usage: { costMicroUsd: 2 * COST } });
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ['whose connection was cut', breaksOff, 'cut-off'],
    ['that was never begun', hangsUp, 'cut-off'],
    ['of nothing at all', sends('', 200), 'unreadable'],
    ['that is no JSON', sends('<html>busy</html>', 200), 'unreadable'],
    ['with a status of 500', sends(wire.error(500), 500), 'server-error'],
  ] as const)('asks again after an answer %s, and counts the lost one in full', async (_, behaviour, why) => {
    const { engine, server, failures, most } = await given(provider, [behaviour, good(wire)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ label: 'Network', abstained: false });
    expect(failures).toEqual([why]);
    expect(server.received).toHaveLength(2);
    expect(answer.usage?.costMicroUsd).toBe(most / 2 + COST);
  });

  it('gives up after a second lost answer, within what was set aside', async () => {
    const { engine, server, most } = await given(provider, [breaksOff]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ abstained: true, reason: 'unavailable', usage: { costMicroUsd: most } });
    expect(server.received).toHaveLength(2);
  });

  it.each([
    ['429 with Retry-After', 429, { 'retry-after': '2' }, 'rate-limited', [2_000]],
    ['429', 429, {}, 'rate-limited', [0]],
    ['503', 503, {}, 'overloaded', [0]],
    ['529', 529, {}, 'overloaded', [0]],
  ] as const)('waits after a %s as it is told, and pays nothing for it', async (_, status, headers, why, pauses) => {
    const { engine, waits, failures } = await given(provider, [sends(wire.error(status), status, headers), good(wire)]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Network', usage: { costMicroUsd: COST } });
    expect({ waits, failures }).toEqual({ waits: pauses, failures: [why] });
  });

  it('does not wait longer than its time', async () => {
    const { engine, server, waits } = await given(provider, [sends(wire.error(429), 429, { 'retry-after': '3600' })]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ abstained: true, reason: 'unavailable' });
    expect(answer.usage).toBeUndefined();
    expect({ waits, asked: server.received.length }).toEqual({ waits: [], asked: 1 });
  });

  it.each([
    ['401', 401, 'key-refused'],
    ['403', 403, 'key-refused'],
    ['400', 400, 'request-refused'],
    ['404', 404, 'request-refused'],
  ] as const)('abstains on a %s at once, and pays nothing', async (_, status, why) => {
    const { engine, server, failures } = await given(provider, [sends(wire.error(status), status)]);
    const answer = await engine.answer(question);
    expect(answer).toMatchObject({ abstained: true, reason: 'unavailable' });
    expect(answer.usage).toBeUndefined();
    expect({ failures, asked: server.received.length }).toEqual({ failures: [why], asked: 1 });
    expect(JSON.stringify(answer)).not.toContain('key-of-acme');
  });

  it('reads no more than a part of ten megabytes', async () => {
    const { engine, server, failures, most } = await given(provider, [says10Megabytes]);
    expect(await engine.answer(question)).toMatchObject({ abstained: true, usage: { costMicroUsd: most / 2 } });
    expect({ failures, asked: server.received.length }).toEqual({ failures: ['too-large'], asked: 1 });
  });

  it('ends an answer that never ends, and counts it', async () => {
    const { engine, failures, most } = await given(provider, [trickles], { patienceMs: 700 });
    expect(await engine.answer(question)).toMatchObject({ abstained: true, usage: { costMicroUsd: most / 2 } });
    expect(failures).toEqual(['timed-out']);
  });

  it('follows no redirect with its key', async () => {
    const other = await serverFor([good(wire)]);
    const { engine } = await given(provider, [sends({}, 307, { location: `${other.url}/elsewhere` })]);
    expect(await engine.answer(question)).toMatchObject({ abstained: true });
    expect(other.received).toEqual([]);
  });

  it.each([
    ['does not count', { input: 0, cached: 0, output: 0 }],
    ['counts as more than there can be', { input: Number.MAX_SAFE_INTEGER, cached: 0, output: 1 }],
  ])('charges in full what a provider %s', async (_, used) => {
    const { engine, most } = await given(provider, [
      sends(wire.answer({ text: '{"label":"Network","confidence":0.9}', used })),
    ]);
    expect(await engine.answer(question)).toMatchObject({ label: 'Network', usage: { costMicroUsd: most / 2 } });
  });
});

saysWhatElseItMust();
keepsInstructions();
