import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { main } from '../../cli/main.ts';
import { hasDynoxide } from '../support/dynoxide.ts';
import { aShell } from './support/shell.ts';

const WRIT = fileURLToPath(new URL('../../bin/writ.ts', import.meta.url));
const PATIENCE_MS = 120_000;

const TICKETS = [
  { id: 'one', subject: 'VPN drops every ten minutes', body: 'On the train the VPN client disconnects all the time.' },
  { id: 'two', subject: 'Laptop does not turn on', body: 'The laptop stays dark, also on the dock.' },
  { id: 'three', subject: 'Wifi in the new annex', body: 'There is no wireless network in the new annex.' },
];

/*
 * The whole of it in mode `supervised`: every write waits for a person, whose word goes through the HTTP API, with the rights that
 * the template gives to each part.
 */
describe.skipIf(!hasDynoxide)('writ start --mode supervised', () => {
  let data = '';
  let stack: ChildProcess;
  let said = '';

  const writ = async (...args: string[]) => {
    const { shell, written } = aShell();
    const code = await main([...args, '--data', data], shell);
    return { code, ...written };
  };
  const json = async (...args: string[]) => {
    const { out, err } = await writ(...args, '--json');
    expect(err).toBe('');
    return JSON.parse(out);
  };
  const ended = (run: string) =>
    vi.waitFor(
      async () => {
        const view = await json('run', run);
        expect(view.status).toBe('closed');
        return view;
      },
      { timeout: PATIENCE_MS, interval: 100 }
    );

  beforeAll(async () => {
    data = await mkdtemp(join(tmpdir(), 'writ-supervised-'));
    const tickets = join(data, 'tickets.jsonl');
    await writeFile(tickets, TICKETS.map((ticket) => JSON.stringify(ticket)).join('\n'));
    const ports = ['--port-api', '0', '--port-aws', '0'];
    stack = spawn(process.execPath, [
      WRIT,
      'start',
      '--mode',
      'supervised',
      '--tickets',
      tickets,
      '--data',
      data,
      ...ports,
    ]);
    await new Promise<void>((resolve, reject) => {
      const hear = (chunk: Buffer) => {
        said += String(chunk);
        if (said.includes('Up until Ctrl-C')) resolve();
      };
      stack.stdout?.on('data', hear);
      stack.stderr?.on('data', hear);
      stack.once('close', () => reject(new Error(`the stack ended: ${said}`)));
    });
  }, PATIENCE_MS);
  afterAll(async () => {
    if (stack.exitCode === null) {
      stack.kill('SIGINT');
      await once(stack, 'close');
    }
    await rm(data, { recursive: true, force: true });
  }, PATIENCE_MS);

  it('writes nothing until somebody approves, acts on what was approved, and on nothing that was refused or stopped', async () => {
    expect(said).toContain('3 awaiting approval');
    expect(said).toContain('nothing was written');
    expect(said).toMatch(/approve [a-z2-7]{26}/);
    const { approvals } = await json('approvals');
    expect(approvals).toHaveLength(3);
    const [one, two, three]: readonly string[] = approvals.map(({ run }: { run: string }) => run);
    if (!(one && two && three)) throw new Error('there are three');

    for (const role of ['submitter', 'auditor'])
      expect((await writ('approve', one, '--yes', '--as', `demo-${role}`)).err).toContain('does not allow this');
    await json('approve', one, '--yes', '--comment', 'Ruth agrees');
    expect(await ended(one)).toMatchObject({ outcome: 'completed' }); // as Jira shows it afterwards
    await json('refuse', two, '--yes');
    expect(await ended(two)).toMatchObject({ outcome: 'refused', rules: ['REFUSED_BY_APPROVER'] });
    await json('stop', 'scope', 'jira:write', '--reason', 'a test');
    await json('approve', three, '--yes');

    expect(await ended(three)).toMatchObject({ outcome: 'escalated', rules: ['STOPPED_SCOPE'] });
    expect(await json('approvals')).toEqual({ approvals: [] });
    for (const run of [one, two, three]) {
      const audit = await json('audit', run);
      expect(audit.intact).toBe(true);
      const [asked, decided] = audit.records.filter(({ approval }: { approval?: object }) => approval);
      expect(decided.approval).toMatchObject({ digest: asked.approval.digest, decisions: [{ roles: ['approver'] }] });
      expect(JSON.stringify(audit)).not.toContain('Ruth');
    }
  });
});
