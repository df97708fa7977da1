import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { documentOf } from '../../cli/demo/document.ts';
import { type Received, sends, startServer } from '../adapters/model/server.ts';
import { WIRE } from '../adapters/model/wire.ts';
import { hasDynoxide } from '../support/dynoxide.ts';

const WRIT = fileURLToPath(new URL('../../bin/writ.ts', import.meta.url));
const PATIENCE_MS = 300_000;
const KEY = 'sk-a-key-that-must-not-be-seen';
const MODEL = 'anthropic:claude-haiku-4-5';

const UNCLEAR = {
  subject: 'Same as last week',
  body: 'It is the same trouble as last week in the same place, a colleague reported it then. Now it is back.',
};
const ALSO_UNCLEAR = {
  subject: 'Several things at once',
  body: 'Since the move nothing is as it was: the phone, the system, the forms. Somebody should sit down with us.',
};
const CLEAR = {
  subject: 'Screen stays black after lunch',
  body: 'My monitor did not wake up after lunch. Cable, power and another input tried. The LED blinks blue.',
};
const TICKETS = [UNCLEAR, UNCLEAR, CLEAR, UNCLEAR, ALSO_UNCLEAR, UNCLEAR].map((ticket, at) => ({
  id: `T-${at}`,
  ...ticket,
}));

type Document = ReturnType<typeof documentOf>;

/*
 * The whole of it with a model: its key goes through the local secret store and a role that reads it, with IAM enforced, and the
 * model is asked where the classifier is not sure, and once about the same words.
 */
describe.skipIf(!hasDynoxide)('npm start with WRIT_MODEL', () => {
  let data = '';
  let code: number | null = null;
  let stdout = '';
  let stderr = '';
  let document: Document;
  let received: readonly Received[] = [];

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'writ-model-'));
    const used = { input: 600, cached: 0, output: 20 };
    const server = await startServer([
      sends(WIRE.anthropic.answer({ text: '{"label":"Access","confidence":0.9}', used })),
    ]);
    const tickets = join(data, 'tickets.jsonl');
    await writeFile(tickets, TICKETS.map((ticket) => JSON.stringify(ticket)).join('\n'));
    const args = [
      WRIT,
      'start',
      '--tickets',
      tickets,
      '--json',
      '--once',
      '--data',
      data,
      '--port-api',
      '0',
      '--port-aws',
      '0',
    ];
    const env = { ...process.env, WRIT_MODEL: MODEL, WRIT_MODEL_URL: server.url, ANTHROPIC_API_KEY: KEY };
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
    const [out, err, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    await server.close();
    [code, stdout, stderr, received] = [exit, out, err, server.received];
    document = out === '' ? undefined : JSON.parse(out);
  }, PATIENCE_MS);
  afterAll(() => rm(data, { recursive: true, force: true }));

  it('ends well, and asks the model where the classifier is not sure, and nowhere else', () => {
    expect(code, stderr).toBe(0);
    expect(document.totals.outcomes.failed).toBe(0);
    const byModel = document.tickets.filter(({ engine }) => engine === `model:${MODEL}`);
    expect(byModel).toHaveLength(5);
    for (const { proposedQueue, confidence } of byModel) expect([proposedQueue, confidence]).toEqual(['Access', 0.9]);
    expect(document.tickets.some(({ engine }) => engine?.startsWith('classifier:'))).toBe(true);
  });

  it('asks it once about the same words, also where they come at the same time: the grants for that are there', () => {
    expect(received).toHaveLength(2);
  });

  it('says once that it does', () => {
    expect(stderr.match(/is asked where the classifier is not sure/g)).toHaveLength(1);
    expect(stderr).not.toContain('no model is configured');
  });

  it('gives the key to the provider and to the store of secrets: nobody else has it', () => {
    expect(new Set(received.map(({ headers }) => headers['x-api-key']))).toEqual(new Set([KEY]));
    expect(stdout + stderr).not.toContain(KEY);
    const files = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const holding = files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes(KEY));
    expect(holding.map(({ name }) => name)).toEqual(['secrets.json']);
  });
});
