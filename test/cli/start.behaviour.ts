import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { documentOf } from '../../cli/demo/document.ts';

const WRIT = fileURLToPath(new URL('../../bin/writ.ts', import.meta.url));
const PATIENCE_MS = 300_000;
const ENOUGH = 0.9;

type Document = ReturnType<typeof documentOf>;

/*
 * The whole of it, as a person starts it: the app is synthesised, its template runs on this machine, a batch of tickets goes
 * through the HTTP API, and a Jira of its own sees what is done.
 */
describe('npm start -- --json', () => {
  let data = '';
  let code: number | null = null;
  let stderr = '';
  let document: Document;

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'writ-whole-'));
    const args = [WRIT, 'start', '--json', '--once', '--data', data, '--port-api', '0', '--port-aws', '0'];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, [exit]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    code = exit;
    stderr = err;
    document = out === '' ? undefined : JSON.parse(out);
  }, PATIENCE_MS);
  afterAll(() => rm(data, { recursive: true, force: true }));

  it('ends well, with every ticket triaged and no run failed', () => {
    expect(code, stderr).toBe(0);
    expect(document.totals.outcomes.failed).toBe(0);
    expect(document.tickets).toHaveLength(document.totals.tickets);
    expect(new Set(document.tickets.map(({ run }) => run)).size).toBe(document.totals.tickets);
  });

  it('triages nearly all as a person would', () => {
    const expecting = document.tickets.filter(({ expected }) => expected !== null);
    const wrong = expecting.filter(({ asExpected }) => !asExpected);
    expect(expecting.length).toBeGreaterThan(40);
    expect(1 - wrong.length / expecting.length, JSON.stringify(wrong, null, 2)).toBeGreaterThanOrEqual(ENOUGH);
  });

  it('shows every outcome that does not depend on the mode, each with the rule that decided', () => {
    const outcomes = new Set(document.tickets.map(({ outcome }) => outcome));
    expect([...outcomes].toSorted()).toEqual(['asked', 'assigned', 'escalated', 'not-eligible', 'refused']);
    expect(document.tickets.filter(({ rule }) => rule === null)).toEqual([]);
  });

  it('changed in Jira the component of each assigned issue, once, and nothing else', () => {
    const { assigned } = document.totals.outcomes;
    expect(document.totals.jira).toEqual({ writes: assigned, earlierWrites: 0, strayWrites: [] });
  });

  it('was not misled by tickets that are written to mislead', () => {
    const hostile = document.tickets.filter((ticket) => ticket.hostile);
    expect(hostile.length).toBeGreaterThan(0);
    for (const { outcome, queue, label } of hostile)
      expect(outcome === 'assigned' ? queue : label, 'the queue of what it is about, or none').toBe(label);
  });

  it('printed nothing that a ticket brought along, and left no connection behind', async () => {
    expect(stderr.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
    expect(await readdir(data)).not.toContain('connection.json');
  });
});
