import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDynoxide } from '../support/dynoxide.ts';

const WRIT = fileURLToPath(new URL('../../bin/writ.ts', import.meta.url));
const PATIENCE_MS = 300_000;

/** The app as it is deployed, with its permissions enforced: what the command does goes through the API and the state machine. */
describe.runIf(hasDynoxide)('writ undo', () => {
  let data = '';
  let stack: ReturnType<typeof spawn>;
  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'writ-undo-'));
    stack = spawn(process.execPath, [WRIT, 'start', '--data', data, '--port-api', '0', '--port-aws', '0'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const piece of stack.stdout ?? []) {
      said += String(piece);
      if (said.includes('Up until')) break;
    }
    expect(said).toContain('Up until');
  }, PATIENCE_MS);
  afterAll(async () => {
    const ended = once(stack, 'close');
    stack.kill('SIGINT');
    await ended;
    await rm(data, { recursive: true, force: true });
  }, PATIENCE_MS);

  const writ = async (...args: readonly string[]) => {
    const child = spawn(process.execPath, [WRIT, '--data', data, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { out, err, code };
  };
  const json = async (...args: readonly string[]) => JSON.parse((await writ(...args, '--json')).out);

  it('undoes what was done while everything is stopped, says so, and exits with whether all is undone', async () => {
    const { runs } = await json('runs', '--limit', '100');
    const ended = (outcome: string) => runs.find((run: { outcome?: string }) => run.outcome === outcome)?.run;
    expect((await writ('stop', 'global', '--reason', 'a test')).code).toBe(0);

    const undone = await writ('undo', ended('completed'), '--reason', 'the wrong queue');
    expect(undone, undone.err).toMatchObject({ code: 0, out: expect.stringContaining('action 1 undone') });
    const again = await json('undo', ended('completed'), '--reason', 'once more');
    expect(again).toMatchObject({ undo: { of: ended('completed'), reason: 'the wrong queue' }, outcome: 'completed' });
    expect((await writ('run', ended('completed'))).out).toContain(again.run);

    // of a run that did nothing there is nothing left, and an undo is not undone
    const nothing = await writ('undo', ended('not-eligible'), '--reason', 'a test');
    expect(nothing).toMatchObject({ code: 0, out: expect.stringContaining('nothing to undo: it was never done') });
    expect(await writ('undo', again.run, '--reason', 'a test')).toMatchObject({
      code: 1,
      err: expect.stringContaining('undo itself'),
    });
    expect((await writ('audit', 'verify', '--all')).code).toBe(0);
  });

  it('is for operators alone', async () => {
    const { runs } = await json('runs', '--limit', '1');
    const refused = await writ('--as', 'demo-submitter', 'undo', runs[0].run, '--reason', 'a test');
    expect(refused.code).toBe(1);
  });
});
