import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dynamoControls } from '../../lambdas/adapters/dynamodb/control-desk.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import { GENESIS } from '../../lambdas/core/audit/record.ts';
import { Retryable } from '../../lambdas/core/errors.ts';
import { CONTROL_SHARDS, EXPIRY_MARGIN_MS, ROOT } from '../../lambdas/core/gate/controls.ts';
import { Control } from '../../lambdas/core/records.ts';
import type { Controls } from '../../lambdas/core/tasks/ports.ts';
import { type Api, anApi, claimsOf } from '../support/api.ts';
import { AT } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

const operator = (sub: string, tenant = 'platform') => claimsOf({ sub, tenant, roles: '[operator]' });
const [one, other] = [operator('op-1'), operator('op-2')];
const HOUR = 3_600_000;
const inMs = (ms: number): string => new Date(AT.getTime() + ms).toISOString();

describe.skipIf(!hasDynoxide)('relaxing a control', () => {
  let dynoxide: Dynoxide;
  let api: Api;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
    api = anApi(dynoxide);
  });
  afterAll(() => dynoxide.stop());

  const set = (path: string, change: object, claims = one, by = api) =>
    by.call('PUT', `/v1/controls/${path}`, { claims, body: { stopped: true, reason: 'a test', ...change } });
  const resume = { stopped: false };
  const everything = { stops: 'everything' };

  const rootOf = (subject: string) => dynamoControls(dynoxide.connection, dynoxide).root(subject);
  const words = async (subject: string): Promise<readonly Control[]> => {
    const state = dynamoTable(dynoxide.connection, dynoxide.state);
    const items = await state.getAll([ROOT, ...CONTROL_SHARDS].map((shard) => keys.control(subject, shard)));
    return items.map(({ content }) => Control.parse(content));
  };
  const stops = async (subject: string) =>
    new Set((await words(subject)).map((word) => (word.stopped ? word.stops : 'nothing')));

  /** An API that dies while it writes shards. */
  const dying = () => {
    const controls: Controls = {
      ...dynamoControls(dynoxide.connection, dynoxide),
      setShard: async () => {
        throw new Retryable('a test makes this fail');
      },
    };
    return anApi(dynoxide, { controls });
  };

  describe('that was seen', () => {
    it('ends no stop that was set between its first try and its second', async () => {
      const { body: stop } = await set('workflow/between', {});
      const request = { ...resume, expects: stop.head.hash };
      expect((await set('workflow/between', request)).status).toBe(200);
      const { body: second } = await set('workflow/between', everything, other);

      const again = await set('workflow/between', request);
      expect([again.status, again.body.type]).toEqual([409, 'urn:writ:problem:conflict']);
      expect(again.body.detail).toContain('now it is stopped for everything, as set at 2030-01-02T03:04:05.000Z');
      expect(await stops('workflow:between')).toEqual(new Set(['everything']));
      expect((await rootOf('workflow:between')).head).toEqual(second.head);
    });

    it('is made once, however often it is sent', async () => {
      const { body: stop } = await set('workflow/often', {});
      const request = { ...resume, expects: stop.head.hash };
      const first = await set('workflow/often', request);
      const again = await set('workflow/often', request);

      expect(again).toMatchObject({ status: 200, body: { stopped: false, head: first.body.head } });
      expect(first.body.head.seq).toBe(stop.head.seq + 1);
      expect((await rootOf('workflow:often')).head).toEqual(first.body.head);
    });

    it.each([
      ["another operator's", { ...resume }, other],
      ['another', { ...resume, reason: 'something else' }, one],
    ])('is not done by %s request for the same', async (_, request, claims) => {
      const path = `workflow/same-${claims.sub}`;
      const { body: stop } = await set(path, {});
      const expects = stop.head.hash;
      expect((await set(path, { ...resume, expects })).status).toBe(200);
      const { status, body } = await set(path, { ...request, expects }, claims);
      expect([status, body.detail]).toEqual([409, expect.stringContaining('now it is not stopped')]);
    });

    it('goes on where its first try was left half-way', async () => {
      const { body: stop } = await set('workflow/half-way', {});
      const request = { ...resume, expects: stop.head.hash };
      const failed = await set('workflow/half-way', request, one, dying());
      expect(failed).toMatchObject({ status: 503, body: { type: 'urn:writ:problem:unavailable' } });

      expect((await set('workflow/half-way', request)).status).toBe(200);
      expect(await stops('workflow:half-way')).toEqual(new Set(['nothing']));
    });

    it('takes nothing for what nobody ever set', async () => {
      const expects = GENESIS.hash;
      expect((await set('workflow/fresh', { ...resume, expects })).status).toBe(200);
      expect((await set('workflow/fresh', { ...resume, reason: 'once more', expects })).status).toBe(409);
      const unknown = await set('workflow/unheard-of', { ...resume, expects: 'a'.repeat(64) });
      expect([unknown.status, unknown.body.detail]).toEqual([409, expect.stringContaining('nobody has set it yet')]);
    });

    it('leaves everything stopped, however many copies of a resume a stop meets', async () => {
      for (let round = 0; round < 5; round += 1) {
        const path = `workflow/met-${round}`;
        const { body: first } = await set(path, {});
        const request = { ...resume, expects: first.head.hash };
        const copies = () => Array.from({ length: 4 }, () => set(path, request));
        const stopping = set(path, everything, other);
        await Promise.all([...copies(), stopping.then(() => Promise.all(copies()))]);

        expect((await stopping).status).toBe(200);
        expect(await stops(`workflow:met-${round}`)).toEqual(new Set(['everything']));
      }
    });
  });

  describe('by a stop that is for less', () => {
    it.each([
      ['writes', {}, everything],
      ['a time', { ...everything, until: inMs(HOUR) }, everything],
      ['a shorter time', { until: inMs(HOUR) }, { until: inMs(2 * HOUR) }],
    ])('for %s replaces only what it saw', async (name, less, more) => {
      const path = `workflow/less-${name.replaceAll(' ', '-')}`;
      const { body: seen } = await set(path, more);
      const request = { ...less, expects: seen.head.hash };
      expect(await set(path, request)).toMatchObject({ status: 200, body: { replaced: more } });
      const { body: since } = await set(path, { ...more, reason: 'in between' }, other);

      const again = await set(path, request);
      expect([again.status, again.body.type]).toEqual([409, 'urn:writ:problem:conflict']);
      expect((await rootOf(path.replace('/', ':'))).head).toEqual(since.head);
    });

    it('loosens no mode that was set since', async () => {
      const { body: seen } = await set('tenant/loosened', { ...resume, mode: 'supervised' });
      const request = { mode: 'autopilot', expects: seen.head.hash };
      expect((await set('tenant/loosened', request)).status).toBe(200);
      await set('tenant/loosened', { mode: 'shadow' }, other);

      expect((await set('tenant/loosened', request)).status).toBe(409);
      expect((await rootOf('tenant:loosened')).control?.mode).toBe('shadow');
    });

    it('is completed by the same again where its first try was left half-way', async () => {
      const { body: seen } = await set('workflow/left', everything);
      const request = { until: inMs(HOUR), expects: seen.head.hash };
      expect((await set('workflow/left', request, one, dying())).body.type).toBe('urn:writ:problem:unavailable');

      expect((await set('workflow/left', request)).status).toBe(200);
      expect(await stops('workflow:left')).toEqual(new Set(['writes']));
    });

    it('does not hold up one that is for no less', async () => {
      await set('workflow/firm', {});
      const expects = 'a'.repeat(64);
      expect((await set('workflow/firm', { expects })).status).toBe(200);
      expect((await set('workflow/firm', { ...everything, expects })).status).toBe(200);
      expect((await set('workflow/firm', { expects })).status).toBe(409);
    });
  });

  describe('unseen', () => {
    it.each([
      ['a resume', resume],
      ['a stop for less', {}],
    ])('%s that fails is not to be sent again before a look', async (name, change) => {
      const path = `workflow/blind-${name.replaceAll(' ', '-')}`;
      await set(path, everything);
      const by = dying();
      const { status, headers, body } = await set(path, change, one, by);

      expect([status, body.type]).toEqual([503, 'urn:writ:problem:outcome-unknown']);
      expect(body.detail).toContain('at GET /v1/controls, before you send it again');
      expect(headers).not.toHaveProperty('retry-after');
      expect(by.finished).toMatchObject([{ outcome: '503', isFault: true }]);
      expect((await set(path, change)).status).toBe(200); // it stays possible
    });

    it('a stop that weakens none is to be sent again', async () => {
      await set('workflow/plain', {});
      const { status, body } = await set('workflow/plain', everything, one, dying());
      expect([status, body.type]).toEqual([503, 'urn:writ:problem:unavailable']);
    });
  });

  describe('that the operating tenant set', () => {
    const own = (tenant: string) => operator('theirs', tenant);
    const listed = async (tenant: string) =>
      (await api.call('GET', '/v1/controls', { claims: own(tenant) })).body.controls[0];

    it.each([
      ['its stop', everything, resume],
      ['its stop, for less', everything, {}],
      ['its stop, for a time', {}, { until: inMs(HOUR) }],
      ['its mode', { ...resume, mode: 'shadow' }, { ...resume, mode: 'autopilot' }],
      ['its mode, with a stop', { ...resume, mode: 'suggest' }, { mode: 'supervised' }],
      ['its mode and stop', { mode: 'shadow' }, { ...resume, mode: 'autopilot' }],
    ])("is not for a tenant's own operator: %s", async (name, said, change) => {
      const tenant = `held-${name.replaceAll(/[ ,]+/g, '-')}`;
      await set(`tenant/${tenant}`, said);
      const before = await rootOf(`tenant:${tenant}`);
      const { status, body } = await set(`tenant/${tenant}`, change, own(tenant));

      expect([status, body.type]).toEqual([403, 'urn:writ:problem:forbidden']);
      expect(body.detail).toContain('only operators of the operating tenant may end, weaken or loosen that');
      expect(await rootOf(`tenant:${tenant}`)).toEqual(before);
      expect((await set(`tenant/${tenant}`, change, other)).status).toBe(200);
    });

    it('holds below whatever more the tenant stops, and ends with the word of the operating tenant', async () => {
      const path = 'tenant/below';
      await set(path, {});
      expect((await set(path, everything, own('below'))).status).toBe(200);
      expect(await listed('below')).toMatchObject({ stops: 'everything', held: { stopped: true, stops: 'writes' } });
      expect((await set(path, resume, own('below'))).status).toBe(403);
      expect((await set(path, {}, own('below'))).status).toBe(200);
      expect((await set(path, resume, own('below'))).status).toBe(403);

      expect((await set(path, resume)).status).toBe(200);
      expect(await listed('below')).not.toHaveProperty('held');
      await set(path, everything, own('below'));
      expect((await set(path, resume, own('below'))).status).toBe(200);
    });

    it('holds over a change of the tenant that was left half-way', async () => {
      const path = 'tenant/half-held';
      await set(path, { ...resume, mode: 'suggest' });
      expect((await set(path, { ...resume, mode: 'shadow' }, own('half-held'), dying())).status).toBe(503);
      expect((await set(path, { ...resume, mode: 'shadow' }, own('half-held'))).status).toBe(200);
      expect((await set(path, { ...resume, mode: 'suggest' }, own('half-held'))).status).toBe(200);
      expect((await set(path, { ...resume, mode: 'autopilot' }, own('half-held'))).status).toBe(403);
    });

    it('is over when its time and the margin are', async () => {
      const path = 'tenant/timely';
      await set(path, { until: inMs(HOUR) });
      const at = (ms: number) => anApi(dynoxide, { now: () => new Date(AT.getTime() + ms) });
      const over = HOUR + EXPIRY_MARGIN_MS;
      expect((await set(path, resume, own('timely'), at(over - 1))).status).toBe(403);
      expect((await set(path, resume, own('timely'), at(over))).status).toBe(200);
    });

    it('stays a mode when its stop ends, and is no mode that the tenant chose', async () => {
      const path = 'tenant/moded';
      await set(path, { ...resume, mode: 'supervised' }, own('moded'));
      await set(path, {});
      await set(path, resume);
      expect(await listed('moded')).toMatchObject({ mode: 'supervised' });
      expect((await set(path, { ...resume, mode: 'autopilot' }, own('moded'))).status).toBe(200);

      await set(path, { mode: 'suggest' });
      await set(path, resume);
      expect(await listed('moded')).toMatchObject({ held: { stopped: false, mode: 'suggest' } });
      expect((await set(path, { ...resume, mode: 'supervised' }, own('moded'))).status).toBe(403);
      expect((await set(path, { ...resume, mode: 'supervised' })).status).toBe(200);
      expect((await set(path, { ...resume, mode: 'supervised' }, own('moded'))).status).toBe(200);
    });
  });
});
