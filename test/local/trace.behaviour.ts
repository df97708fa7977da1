import { createSocket } from 'node:dgram';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type TraceNode, type TraceTree, treeOf } from '../../cli/trace/tree.ts';
import type { LocalStack } from '../../local/stack.ts';
import { readTrace } from '../../local/trace/traces.ts';
import { aFolder } from './assembly.ts';
import { clientOptions, invoke } from './calls.ts';
import { output, sample, start } from './sample.ts';

const CALLER = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8';

describe('traces of a local stack', () => {
  const [data, assembly] = [aFolder(), sample()];
  const ended = new Set<string>();
  let stack: LocalStack;
  const begin = () =>
    start(assembly, {
      data,
      onExecution: ({ name, status }) => {
        if (status !== 'RUNNING') ended.add(name);
      },
    });
  beforeAll(async () => {
    stack = await begin();
    await stack.warm();
  });
  afterAll(() => stack.close());

  const execute = async (name: string, input: object, traceHeader?: string): Promise<void> => {
    const command = new StartExecutionCommand({
      stateMachineArn: output(stack, 'MachineArn'),
      name,
      input: JSON.stringify(input),
      traceHeader,
    });
    await new SFNClient(clientOptions(stack)).send(command);
  };
  /** The tree of an execution's trace, once it is as it should be. */
  const treeWhen = async (name: string, isSo: (tree: TraceTree) => boolean): Promise<TraceTree> =>
    vi.waitUntil(
      async () => {
        const trace = await readTrace(data, name);
        const tree = trace && treeOf(trace.id, trace.documents);
        return tree !== undefined && isSo(tree) ? tree : undefined;
      },
      { timeout: 10_000, interval: 20 }
    );
  const whole = (tree: TraceTree): boolean => !tree.inProgress && JSON.stringify(tree).includes('Invocation');
  const path = (node: TraceNode): readonly string[] => [
    `${node.name} ${node.kind}`.trim(),
    ...(node.children[0] === undefined ? [] : path(node.children[0])),
  ];

  it('show an execution, its states, their calls and the functions, below whoever started it', async () => {
    await execute('traced', { do: 'echo' }, CALLER);
    const tree = await treeWhen('traced', whole);
    expect(tree.trace).toBe('1-5759e988-bd862e3fe1be46a994272793');
    expect(tree.roots.map(path)).toEqual([
      [
        'work AWS::StepFunctions::StateMachine',
        'Work',
        'Lambda Invoke',
        'worker AWS::Lambda',
        'worker AWS::Lambda::Function',
        'Invocation',
      ],
    ]);
    const times = (node: TraceNode): readonly number[] => [node.startMs, ...node.children.flatMap(times)];
    expect(tree.roots.flatMap(times).every((ms) => ms >= 0 && ms <= tree.durationMs)).toBe(true);
  });

  it('hold what a function sends, below its own segment', async () => {
    const { body } = await invoke(stack, { do: 'environment' });
    expect(body.AWS_XRAY_DAEMON_ADDRESS).toBe(stack.traceAddress);
    await execute('sending', { do: 'context' });
    const tree = await treeWhen('sending', whole);
    const { documents = [] } = (await readTrace(data, 'sending')) ?? {};
    const own = documents.find(({ origin }) => origin === 'AWS::Lambda::Function');
    const subsegment = {
      type: 'subsegment',
      id: '00000000000000aa',
      trace_id: tree.trace,
      parent_id: own?.id,
      name: '## step',
      start_time: own?.start_time,
      end_time: own?.end_time,
    };
    const socket = createSocket('udp4');
    const port = Number(stack.traceAddress.split(':')[1]);
    socket.send(`{"format": "json", "version": 1}\n${JSON.stringify(subsegment)}`, port, '127.0.0.1');
    const more = await treeWhen('sending', (it) => JSON.stringify(it).includes('## step'));
    socket.close();
    const at = (names: readonly string[], [node]: readonly TraceNode[]): readonly TraceNode[] =>
      names.length === 0 ? (node?.children ?? []) : at(names.slice(1), node?.children ?? []);
    expect(at(['Work', 'Lambda', 'worker', 'worker'], more.roots).map(({ name }) => name)).toEqual([
      'Invocation',
      '## step',
    ]);
  });

  it('say of an execution that it is in progress, and what failed when it has ended', async () => {
    await execute('slow', { do: 'hang' });
    const open = await treeWhen('slow', () => true);
    expect(open.inProgress).toBe(true);
    expect(open.roots[0]).not.toHaveProperty('durationMs');
    const over = await treeWhen('slow', whole);
    const marks = (node: TraceNode): readonly unknown[] => [
      [node.name, node.marks, node.errors],
      ...node.children.flatMap(marks),
    ];
    expect(over.roots.flatMap(marks)).toEqual([
      ['work', ['fault'], ['Sandbox.Timedout']],
      ['Work', ['fault'], []],
      ['Lambda', ['fault'], ['Sandbox.Timedout']],
      ['worker', ['fault'], ['Sandbox.Timedout']],
      ['worker', ['fault'], ['Sandbox.Timedout']],
      ['Invocation', ['fault'], ['Sandbox.Timedout']],
    ]);
  });

  it('are not made of what the caller does not want sampled', async () => {
    await execute('unsampled', { do: 'context' }, `${CALLER};Sampled=0`);
    await vi.waitUntil(() => ended.has('unsampled'), { timeout: 10_000 });
    await execute('sampled', { do: 'echo' });
    await treeWhen('sampled', whole);
    expect(await readTrace(data, 'unsampled')).toBeUndefined();
  });

  it('do not fight over a port, and outlive the stack', async () => {
    const other = await start(assembly);
    expect(other.traceAddress).not.toBe(stack.traceAddress);
    await other.close();
    await execute('last', { do: 'echo' });
    await vi.waitUntil(() => ended.has('last'), { timeout: 10_000 });
    await stack.close();
    expect((await treeWhen('last', whole)).roots).toHaveLength(1);
    stack = await begin();
    expect((await treeWhen('last', whole)).roots).toHaveLength(1);
  });
});
