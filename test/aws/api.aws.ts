import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { apiAt } from '../../cli/client.ts';
import { faultOf } from '../../lambdas/core/audit/verify.ts';

const { WRIT_API: url = '', WRIT_TOKEN: token = '' } = process.env;

/** Off topic by its wording: the run is closed before anything is read, in every mode. */
const task = {
  workflow: 'ticket-triage',
  input: {
    summary: 'Automatic reply',
    description: 'Thank you for your message. I am out of the office and will reply to your message when I return.',
    issueKey: 'WRITTEST-1',
  },
};

describe.skipIf(url === '' || token === '')('a deployed API', () => {
  const api = apiAt({ url, token: async () => token, advice: 'Check WRIT_API.' });
  const key = `writ-test-${randomUUID()}`;

  it('accepts a task once under its key, carries it to its end, and can show how', async () => {
    const first = await api.submit(task, key);
    expect((await api.submit(task, key)).run).toBe(first.run);
    let view = await api.run(first.run);
    for (; view.status !== 'closed'; view = await api.run(first.run)) await sleep(1_000);
    expect(view.outcome).toBe('not-eligible');
    const trail = await api.audit(first.run);
    expect(faultOf(trail.records, trail.head)).toBeUndefined();
    expect(trail.records.map(({ step }) => step)).toEqual(['submit', 'route#0', 'respond']);
  });

  it('refuses another task under the same key', async () => {
    await api.submit(task, key);
    const other = { ...task, input: { ...task.input, summary: 'Another' } };
    await expect(api.submit(other, key)).rejects.toMatchObject({ status: 409 });
  });

  it('refuses whoever has no token, or a false one', async () => {
    for (const authorization of [undefined, 'Bearer nonsense']) {
      const headers = authorization === undefined ? {} : { authorization };
      const { status } = await fetch(new URL('v1/runs', `${url.replace(/\/$/, '')}/`), { headers });
      expect(status).toBe(401);
    }
  });
});
