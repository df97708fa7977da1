import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import type { Statement, Story } from '../../lambdas/core/audit/story.ts';
import { escalate, respond } from '../../lambdas/core/steps/close.ts';
import { decide } from '../../lambdas/core/steps/decide.ts';
import { propose } from '../../lambdas/core/steps/propose.ts';
import { reap } from '../../lambdas/core/steps/reap.ts';
import { route } from '../../lambdas/core/steps/route.ts';
import { verify } from '../../lambdas/core/steps/verify.ts';
import { chainKey } from '../../lambdas/core/tables.ts';
import { reasonsOf } from '../../lambdas/core/workflow.ts';
import { aShell } from '../cli/support/shell.ts';
import { anApi, claimsOf, MACHINE } from '../support/api.ts';
import { AT, aRelease, RELEASE } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';
import { type Given, givenRun } from '../support/run.ts';

describe.skipIf(!hasDynoxide)('asking why', () => {
  let dynoxide: Dynoxide;
  beforeAll(async () => {
    dynoxide = await startDynoxide();
  });
  afterAll(() => dynoxide.stop());

  const deployed = {
    release: RELEASE,
    input: aRelease().input,
    machine: MACHINE,
    undoMachine: MACHINE,
    reasons: reasonsOf(aRelease()),
  };
  const given = async (about: Given = {}) => {
    const api = anApi(dynoxide, { workflows: new Map([['ticket-triage', deployed]]) });
    const run = await givenRun(dynoxide, about);
    const claim = (status: string, attempt = 1) =>
      run.writs().then(([writ]) =>
        run.state.put({
          ...keys.claim(run.ref, 'jira:write', 1),
          content: {
            digest: writ?.digest,
            status,
            attempt,
            startedAt: AT.toISOString(),
            leaseUntil: AT.toISOString(),
            latencyMs: 12,
          },
        })
      );
    const why = async (claims = claimsOf()): Promise<{ status: number; body: Story }> =>
      api.call('GET', `/v1/runs/${run.ref.run}/why`, { claims });
    return { ...run, api, claim, why };
  };
  const textsOf = ({ statements }: Story, about: Statement['about']): readonly string[] =>
    statements.filter((each) => each.about === about).map(({ text }) => text);

  const wrote = async (about: Given = {}) => {
    const it_ = await given(about);
    const { deps, ref } = it_;
    await route.run(deps, { ...ref, round: 0 });
    await propose.run(deps, { ...ref, action: 1 });
    await it_.read('before', { issueKey: 'OPS-1', components: [], statusCategory: 'new' });
    await decide.run(deps, { ...ref, action: 1 });
    await it_.claim('done', 2);
    await it_.read('after', { issueKey: 'OPS-1', components: ['Network'] });
    await verify.run(deps, { ...ref, action: 1 });
    await respond.run(deps, { ...ref, outcome: 'completed', rules: ['ASSIGN_ALLOWED'] });
    return it_;
  };

  it('tells who asked, what was proposed by which engine, which rules decided and why they exist, what was written, and how that was seen', async () => {
    const { why, kept, writs } = await wrote();
    const { status, body } = await why();
    const { records, run } = await kept();
    const [writ] = await writs();

    expect(status).toBe(200);
    expect(body).toMatchObject({
      run: run.run,
      tenant: 'acme',
      user: 'u-1',
      release: RELEASE,
      outcome: 'completed',
      cost_microusd: 0,
      knows_release: true,
      head: run.head,
    });
    expect(body.fault).toBeUndefined();
    expect(body.statements.map(({ about }) => about)).toEqual([
      'asked',
      'routed',
      'proposed',
      'decided',
      'authorised',
      'written',
      'read',
      'verified',
      'ended',
    ]);
    const of = (about: string) => body.statements.find((each) => each.about === about);
    expect(of('proposed')).toMatchObject({
      text: expect.stringMatching(
        /^Proposed was jira\.assign \(jira:write\) with component "Network", issueKey "OPS-1", by rules:words@\w{12}, confidence 100\.0 %\.$/
      ),
      answer: { confidence: 1, abstained: false, rule: 'SAYS_VPN' },
      provenance: { issueKey: 'user', component: 'composed' },
    });
    expect(of('decided')).toMatchObject({
      rules: [{ id: 'ASSIGN_ALLOWED', because: 'a test wants it' }],
      mode: 'autopilot',
      policy: expect.stringMatching(/^\w{64}$/),
    });
    expect(of('decided')?.text).toMatch(
      /^The gate authorised it in mode autopilot\. It was charged to \d limits?: RATE/
    );
    expect(of('authorised')?.writ).toEqual({ action: 1, digest: writ?.digest });
    expect(of('written')?.text).toBe(
      'The writ of action 1 was used, and the system answered that it is done, at attempt 2, in 12 ms.'
    );
    expect(of('verified')?.text).toMatch(/^Read back afterwards, the system shows the effect of jira\.assign/);
    for (const { proof } of body.statements) expect(records[proof.seq]?.hash).toBe(proof.hash);
  });

  it.each([
    ['shadow', 'The gate recorded it and did not act in mode shadow: policy would have permitted it.'],
    ['suggest', 'The gate recorded it and did not act in mode suggest: policy would have permitted it.'],
  ] as const)('tells of a run in mode %s that nothing was done', async (mode, text) => {
    const { deps, ref, why } = await given({ release: aRelease({ mode }) });
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    await respond.run(deps, { ...ref, outcome: 'recorded', rules: [] });
    const { body } = await why();
    expect(textsOf(body, 'decided')).toEqual([text]);
    expect(textsOf(body, 'authorised')).toEqual([]);
    expect(body.outcome).toBe('recorded');
  });

  it('tells why a run was refused, with the reason of the rule', async () => {
    const { deps, ref, why, control } = await given();
    await control({ subject: 'scope:jira:write', stopped: true });
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    await control({ subject: 'scope:jira:write', stopped: false }); // other runs may have the same shard
    await respond.run(deps, { ...ref, outcome: 'refused', rules: ['STOPPED_SCOPE'] });
    const { body } = await why();
    expect(body.statements.find(({ about }) => about === 'decided')).toMatchObject({
      text: 'The gate refused it in mode autopilot: stopped.',
      rules: [{ id: 'STOPPED_SCOPE', because: 'An operator had stopped the scope of the tool.' }],
    });
    expect(body.outcome).toBe('refused');
  });

  it('tells that nobody knows whether a write took effect', async () => {
    const { deps, ref, why, claim } = await given();
    await propose.run(deps, { ...ref, action: 1 });
    await decide.run(deps, { ...ref, action: 1 });
    await claim('in-doubt');
    await escalate.run(deps, { ...ref, because: 'in-doubt', rules: [] });
    const { body } = await why();
    expect(textsOf(body, 'written')).toEqual([
      'The writ of action 1 was used, and nobody knows whether it took effect.',
    ]);
    expect(textsOf(body, 'handed-over')).toEqual(['It was handed to people (in doubt), with 4 pieces of evidence.']);
    expect(body.outcome).toBe('escalated');
  });

  it('tells of a run whose execution ended without closing it, and of one that has not ended', async () => {
    const { deps, ref, why } = await given();
    await propose.run(deps, { ...ref, action: 1 });
    expect((await why()).body.outcome).toBeUndefined();
    await reap.run(deps, { detail: { status: 'TIMED_OUT', input: ref } } as never);
    const { body } = await why();
    expect(body.outcome).toBe('failed');
    expect(body.statements.at(-2)).toMatchObject({
      about: 'handed-over',
      rules: [{ id: 'EXECUTION_TIMED_OUT', because: expect.stringContaining('took longer') }],
    });
  });

  it('tells nothing that people wrote', async () => {
    const { why } = await wrote({ fields: { summary: 'the vpn of Ada Lovelace', issueKey: 'OPS-1' } });
    expect(JSON.stringify((await why()).body)).not.toContain('Lovelace');
  });

  it('says that a rule of a release which is gone is known by its id alone', async () => {
    const release = aRelease({ release: 'e'.repeat(64) });
    const { why } = await wrote({ release, run: { release: release.release } });
    const { body } = await why();
    expect(body.knows_release).toBe(false);
    expect(body.statements.find(({ about }) => about === 'decided')?.rules).toEqual([{ id: 'ASSIGN_ALLOWED' }]);
  });

  it.each(['', '/audit', '/why'])(
    'shows at …%s a submitter their own runs alone, and whoever may do more every run of the tenant',
    async (path) => {
      const { api, ref } = await wrote();
      const asked = async (about: Parameters<typeof claimsOf>[0]) =>
        (await api.call('GET', `/v1/runs/${ref.run}${path}`, { claims: claimsOf(about) })).status;
      expect(await asked({})).toBe(200);
      expect(await asked({ sub: 'somebody-else' })).toBe(404);
      for (const role of ['auditor', 'operator', 'approver'])
        expect(await asked({ sub: 'somebody-else', roles: `[submitter ${role}]` })).toBe(200);
      expect(await asked({ tenant: 'globex', roles: '[auditor]' })).toBe(404);
    }
  );

  describe('on the command line', () => {
    /** The API behind a port, as a person reaches it. */
    const writ = async ({ api, ref }: Awaited<ReturnType<typeof given>>, ...args: readonly string[]) => {
      const server = createServer(async (request, response) => {
        const { status, body } = await api.call('GET', request.url ?? '', { claims: claimsOf({ roles: '[auditor]' }) });
        response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const env = { WRIT_API: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, WRIT_TOKEN: 't' };
      const { shell, written } = aShell({ env });
      const code = await main(['why', ref.run, ...args], shell);
      server.close();
      return { code, ...written };
    };

    it('reads as a story, with the record that proves each sentence, and why each rule exists', async () => {
      const run = await wrote();
      const { code, out } = await writ(run);
      const { records } = await run.kept();
      expect(code).toBe(0);
      expect(out).toContain(`Run ${run.ref.run}, tenant acme: completed`);
      expect(out).toContain(`The gate authorised it in mode autopilot.`);
      expect(out).toContain('    ASSIGN_ALLOWED: a test wants it');
      expect(out).toContain(`The writ of action 1 has digest`);
      expect(out).toContain(`[#2 ${records[2]?.hash.slice(0, 12)}]`);
      expect(out).toContain('Proved: each sentence by the record named behind it, of 5, each hash recomputed here.');
    });

    it('does not believe a story that its records do not prove', async () => {
      const run = await wrote();
      const key = keys.audit(chainKey.run(run.ref), 2);
      const { records } = await run.kept();
      const audit = dynamoTable(dynoxide.connection, dynoxide.audit);
      await audit.put({ ...key, content: { ...records[2], mode: 'shadow', step: 'decide#1\u001b[2J' } });
      const { code, out } = await writ(run);
      expect(code).toBe(1);
      expect(out).toContain('Not proved: record 2 was changed');
      expect(out).not.toMatch(/[^\P{C}\n]/u);
      expect(JSON.parse((await writ(run, '--json')).out)).toMatchObject({ proved: false });
    });

    it('says what the API alone has seen of a record that is none', async () => {
      const run = await wrote();
      const audit = dynamoTable(dynoxide.connection, dynoxide.audit);
      await audit.put({ ...keys.audit(chainKey.run(run.ref), 2), content: { hello: 'there' } });
      expect((await writ(run)).out).toContain('Not proved: record 2 is not a record of an audit.');
    });
  });
});
