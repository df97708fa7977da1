import { type ChildProcess, fork } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import type { Run } from '../../lambdas/core/run.ts';
import { bundle, bundleOf } from '../../lib/bundle.ts';
import { aRelease, aRun } from '../support/builders.ts';
import { type Dynoxide, hasDynoxide, startDynoxide } from '../support/dynoxide.ts';

interface Segment {
  readonly name: string;
  readonly id: string;
  readonly trace_id: string;
  readonly parent_id?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly aws?: { readonly operation?: string };
  readonly end_time?: number;
}

/** A process that serves the deployed bundle of Respond, as a function's does. */
const HOST = `
const { handler } = await import('./index.mjs');
process.on('message', async ({ event, trace }) => {
  process.env._X_AMZN_TRACE_ID = trace;
  process.send(await handler(event, { functionName: 'respond', awsRequestId: 'r' }));
});
process.send('ready');
`;

describe.skipIf(!hasDynoxide)('traces of a deployed step', () => {
  let dynoxide: Dynoxide;
  let daemon: Socket;
  let host: ChildProcess;
  const folder = mkdtempSync(join(tmpdir(), 'writ-trace-'));
  const heard: Segment[] = [];

  beforeAll(async () => {
    dynoxide = await startDynoxide();
    daemon = createSocket('udp4', (message) => {
      // a header line, then one segment
      heard.push(JSON.parse(message.toString().split('\n')[1] ?? ''));
      daemon.emit('segment');
    });
    daemon.bind(0, '127.0.0.1');
    await once(daemon, 'listening');
    const bundles = await bundle(resolve('.'));
    writeFileSync(join(folder, 'index.mjs'), bundleOf(bundles, 'steps-respond').code);
    writeFileSync(join(folder, 'workflow.json'), JSON.stringify(aRelease()));
    writeFileSync(join(folder, 'host.mjs'), HOST);
    host = fork(join(folder, 'host.mjs'), {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        LAMBDA_TASK_ROOT: folder,
        STATE_TABLE: dynoxide.state,
        AUDIT_TABLE: dynoxide.audit,
        AWS_ENDPOINT_URL: dynoxide.endpoint,
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
        AWS_LAMBDA_FUNCTION_NAME: 'respond',
        AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        POWERTOOLS_SERVICE_NAME: 'ticket-triage-respond',
        POWERTOOLS_METRICS_NAMESPACE: 'Writ',
      },
    });
    await once(host, 'message');
  });
  afterAll(async () => {
    host?.kill();
    daemon?.close();
    await dynoxide?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const responded = async (trace: string): Promise<Run> => {
    const { run } = aRun();
    await dynamoTable(dynoxide.connection, dynoxide.state).put({ ...keys.run(run), content: run });
    host.send({ event: { tenant: run.tenant, run: run.run, outcome: 'completed', rules: ['A_RULE'] }, trace });
    expect((await once(host, 'message'))[0]).toEqual({ kind: 'closed', outcome: 'completed' });
    return run;
  };

  const until = async (isThere: () => boolean): Promise<void> => {
    while (!isThere()) await once(daemon, 'segment');
  };
  const of = (traceId: string) =>
    heard.filter(({ trace_id, end_time }) => trace_id === traceId && end_time !== undefined);

  it('show the step with its run, and its calls below it, each invocation in its own trace', async () => {
    const traces = ['1-6b03fcd5-00616b1036224c33b2783021', '1-6b03fcd5-00616b1036224c33b2783022'];
    const runs: Run[] = [];
    for (const trace of traces) runs.push(await responded(`Root=${trace};Parent=00616b1036224c33;Sampled=1`));

    for (const [at, trace] of traces.entries()) {
      await until(() => of(trace).some(({ name }) => name === '## respond') && of(trace).length >= 3);
      const step = of(trace).find(({ name }) => name === '## respond');
      expect(step).toMatchObject({ parent_id: '00616b1036224c33', annotations: { run: runs[at]?.run } });
      const calls = of(trace).filter(({ name }) => name === 'DynamoDB');
      expect(calls.map(({ aws }) => aws?.operation).sort()).toEqual(['BatchGetItem', 'TransactWriteItems']);
      for (const call of calls) expect(call.parent_id).toBe(step?.id);
    }
  });

  it('are named in the audit, sampled or not, and cost nothing where they are not sampled', async () => {
    const before = heard.length;
    const run = await responded('Root=1-6b03fcd5-00616b1036224c33b2783023;Parent=00616b1036224c33;Sampled=0');

    const { items } = await dynamoTable(dynoxide.connection, dynoxide.audit).query({
      partition: `RUN#${run.tenant}#${run.run}`,
    });
    expect(items[0]?.content).toMatchObject({ step: 'respond', trace_id: '1-6b03fcd5-00616b1036224c33b2783023' });
    expect(heard.slice(before).filter(({ trace_id }) => trace_id.endsWith('023'))).toEqual([]);
  });
});
