import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { main } from '../../cli/main.ts';
import type { Document } from '../../local/trace/document.ts';
import { aShell, type ShellGiven } from './support/shell.ts';

const TRACE = '1-5759e988-bd862e3fe1be46a994272793';
const START = Date.UTC(2030, 0, 2, 3, 4, 5) / 1_000;
const ARN = 'arn:aws:states:us-east-1:000000000000:execution:triage';

let ids = 0;
const aDocument = (name: string, startMs: number, ms: number, more: Partial<Document> = {}): Document => {
  ids += 1;
  const times = { start_time: START + startMs / 1_000, end_time: START + (startMs + ms) / 1_000 };
  return { id: ids.toString(16).padStart(16, '0'), trace_id: TRACE, name, ...times, ...more };
};
const below = (parent: Document | undefined) => ({
  ...(parent && { parent_id: parent.id }),
  type: 'subsegment' as const,
});
const caused = (type: string) => ({ fault: true, cause: { exceptions: [{ type }] } });
/** A call of a function, in its four parts. */
const aCall = (
  parent: Document,
  name: string,
  startMs: number,
  waitMs: number,
  ms: number,
  more: Partial<Document> = {}
) => {
  const call = aDocument('Lambda', startMs, ms, {
    ...below(parent),
    namespace: 'aws',
    aws: { operation: 'Invoke' },
    ...more,
  });
  const service = aDocument(name, startMs, ms, { parent_id: call.id, origin: 'AWS::Lambda', ...more });
  const own = aDocument(name, startMs + waitMs, ms - waitMs, {
    parent_id: service.id,
    origin: 'AWS::Lambda::Function',
    subsegments: [aDocument('Invocation', startMs + waitMs, ms - waitMs)],
    ...more,
  });
  return { own, documents: [call, service, own] };
};

const aTrace = (): readonly Document[] => {
  const machine = aDocument('triage', 0, 60, {
    aws: { execution_arn: `${ARN}:run-1` },
    origin: 'AWS::StepFunctions::StateMachine',
  });
  const decide = aDocument('Decide', 0, 60, { ...below(machine), ...caused('Terminal'), annotations: { retries: 1 } });
  const first = aCall(decide, 'decide-function', 0, 0, 20, caused('Retryable'));
  const second = aCall(decide, 'decide-function', 40, 12, 20, caused('Terminal'));
  const step = aDocument('## decide', 52, 8, { ...below(second.own), annotations: { tenant: 'demo', run: 'run-1' } });
  const put = aDocument('DynamoDB', 53, 2, { ...below(step), namespace: 'aws', aws: { operation: 'PutItem' } });
  return [put, step, ...second.documents, ...first.documents, decide, { ...machine, in_progress: true }, machine];
};

const traced = async (documents: readonly Document[], args: readonly string[] = ['run-1'], given: ShellGiven = {}) => {
  const data = await mkdtemp(join(tmpdir(), 'writ-trace-'));
  await mkdir(join(data, 'traces'));
  const lines = documents.map((document) => `${JSON.stringify(document)}\n`).join('');
  await writeFile(join(data, 'traces', 'segments.jsonl'), `not a document\n${lines}{"id":"half`);
  const { shell, written } = aShell(given);
  return { code: await main(['--data', data, 'trace', ...args], shell), ...written };
};

describe('writ trace', () => {
  it('prints a tree with times, marks and what annotations say', async () => {
    const { code, out } = await traced(aTrace());
    expect(code).toBe(0);
    expect(out).toBe(
      [
        `trace ${TRACE}  2030-01-02T03:04:05.000Z  60 ms`,
        '',
        'triage (state machine)             +0 ms  60 ms',
        '└─ Decide                          +0 ms  60 ms  fault Terminal retries=1',
        '   ├─ decide-function (function)   +0 ms  20 ms  fault Retryable',
        '   └─ decide-function (function)  +40 ms  20 ms  fault Terminal waited=12ms',
        '      └─ ## decide                +52 ms   8 ms  tenant=demo run=run-1',
        '         └─ DynamoDB PutItem      +53 ms   2 ms',
        '',
      ].join('\n')
    );
  });

  it('says of what goes on that it does, and shows what has lost its place', async () => {
    const [put] = aTrace();
    const running = aDocument('triage', 0, 0, { aws: { execution_arn: `${ARN}:run-1` }, in_progress: true });
    const { end_time: _, ...open } = running;
    const { out } = await traced([...(put ? [put] : []), open]);
    expect(out).toBe(
      [
        `trace ${TRACE}  2030-01-02T03:04:05.000Z  in progress, or parts are missing`,
        '',
        'triage             +0 ms  in progress',
        'DynamoDB PutItem  +53 ms         2 ms',
        '',
      ].join('\n')
    );
  });

  it('gives the whole tree as JSON, metadata too', async () => {
    const machine = aDocument('triage', 0, 60, {
      aws: { execution_arn: `${ARN}:run-1` },
      metadata: { default: { size: 3 } },
    });
    const { out } = await traced([machine], ['run-1', '--json']);
    expect(JSON.parse(out)).toEqual({
      run: 'run-1',
      trace: TRACE,
      startedAt: '2030-01-02T03:04:05.000Z',
      durationMs: 60,
      inProgress: false,
      roots: [
        {
          name: 'triage',
          kind: '',
          startMs: 0,
          durationMs: 60,
          marks: [],
          errors: [],
          annotations: {},
          metadata: { default: { size: 3 } },
          children: [],
        },
      ],
    });
  });

  it.each([[], ['--json']])('lets nothing hostile out %s', async (...more) => {
    const hostile = '\u001b]0;owned\u0007\u202ereversed\u0000\n[31m';
    const machine = aDocument(`triage${hostile}`, 0, 60, {
      aws: { execution_arn: `${ARN}:run-1` },
      annotations: { [hostile]: hostile },
      metadata: { [hostile]: hostile },
      ...caused(hostile),
    });
    const { code, out } = await traced([machine], ['run-1', ...more], { tty: false });
    expect(code).toBe(0);
    expect(out.replaceAll('\n', '')).not.toMatch(/\p{C}/u);
  });

  it('ends where parts are below each other in a ring, or far too deep', async () => {
    const machine = aDocument('triage', 0, 60, { aws: { execution_arn: `${ARN}:run-1` } });
    const [one, other] = [aDocument('one', 1, 1), aDocument('other', 1, 1)];
    let last = machine;
    const chain = Array.from({ length: 500 }, () => {
      last = aDocument('deep', 1, 1, below(last));
      return last;
    });
    const { code, out } = await traced([
      machine,
      { ...one, parent_id: other.id },
      { ...other, parent_id: one.id },
      ...chain,
    ]);
    expect(code).toBe(0);
    expect(out.split('\n').length).toBeLessThan(60);
  });

  it('takes the latest execution of a name, and no other whose name ends alike', async () => {
    const other = {
      ...aDocument('other', 0, 1, { aws: { execution_arn: `${ARN}:xrun-1` } }),
      trace_id: TRACE.replace('93', '94'),
    };
    const { out } = await traced([aDocument('triage', 0, 1, { aws: { execution_arn: `${ARN}:run-1` } }), other]);
    expect(out).toContain(TRACE);
    expect(out).not.toContain('other');
  });

  it.each([
    ['a run that is not known', ['run-2'], 1, /There is no trace of run-2 in .*: it is no run of this data folder/],
    ['what is no id', ['../x'], 2, /A run's id has letters, digits/],
  ])('refuses %s', async (_, args, code, message) => {
    const answer = await traced(aTrace(), args);
    expect(answer.code).toBe(code);
    expect(answer.err).toMatch(message);
  });

  it('says where the traces of a deployed stack are', async () => {
    const { code, out } = await traced(aTrace(), ['run-1', '--api', 'https://x.example', '--token', 't']);
    expect(code).toBe(0);
    expect(out).toContain(`--filter-expression 'annotation.run = "run-1"'`);
  });
});
