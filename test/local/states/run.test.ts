import { expect, it } from 'vitest';
import { entryOf } from '../../../local/states/branch.ts';
import { systemChance } from '../../../local/states/chance.ts';
import { systemClock } from '../../../local/states/clock.ts';
import { advance } from '../../../local/states/interpreter.ts';
import { parseProgram } from '../../../local/states/parse.ts';
import { type Header, ROOT } from '../../../local/states/record.ts';
import { Run } from '../../../local/states/run.ts';
import type { Json, JsonObject } from '../../../local/template/json.ts';
import { arnOf, invoking, machineOf } from './harness.ts';

/** A disk that takes lines when it is told to. */
const slowDisk = () => {
  const waiting: { readonly kind: string; readonly written: () => void }[] = [];
  return {
    waiting,
    append: ({ head }: { head: string }) =>
      new Promise<void>((written) => {
        const { kind, branches } = JSON.parse(head);
        waiting.push({ kind: branches?.[ROOT].phase.kind ?? kind, written });
      }),
  };
};

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const runOf = (states: JsonObject, answer: Json) => {
  const disk = slowDisk();
  const machine = machineOf(states);
  const header: Header = {
    executionArn: arnOf('run'),
    name: 'run',
    machine: 'm',
    input: '{}',
    startDate: 0,
    traceHeader: '',
  };
  const clock = systemClock(() => 0);
  const chance = systemChance;
  const host = { append: disk.append, now: clock.now, chance, transition: () => {}, ended: () => {} };
  const program = parseProgram(machine.definition);
  const branches = new Map([[ROOT, { ...entryOf(program, {}), after: 0 }]]);
  const run = new Run(header, { branches, lastEventId: 1, events: [] }, machine, program, host);
  const calls: string[] = [];
  const invoke = async (call: { functionArn: string }): Promise<Json> => {
    calls.push(call.functionArn);
    return answer;
  };
  return { disk, run, calls, done: advance(run, { ...clock, invoke, chance }) };
};

it('calls nothing, and has not ended, before the disk has it', async () => {
  const { disk, run, calls, done } = runOf(
    { A: invoking('a', { Next: 'B' }), B: { Type: 'Pass', End: true } },
    'answer'
  );
  await turn();
  expect(disk.waiting.map(({ kind }) => kind)).toEqual(['scheduled']);
  expect(calls).toEqual([]);

  disk.waiting[0]?.written();
  await turn();
  expect(calls).toHaveLength(1);
  expect(disk.waiting.map(({ kind }) => kind)).toEqual(['scheduled', 'ended']);
  expect([run.isOver, run.ending]).toEqual([true, undefined]);

  disk.waiting[1]?.written();
  await done;
  expect(run.ending).toMatchObject({ status: 'SUCCEEDED', output: '"answer"' });
});

it('acknowledges an answer when the disk has it', async () => {
  const Arguments = { FunctionName: 'f', Payload: null };
  const { disk, run } = runOf(
    { A: invoking('a', { Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken', Arguments }) },
    null
  );
  await turn();
  disk.waiting[0]?.written();
  await turn();
  disk.waiting[1]?.written();
  let isAcknowledged = false;
  const [callback] = run.callbacks.values();
  void callback?.answer({ kind: 'succeeded', result: { Payload: 1 } }).then(() => {
    isAcknowledged = true;
  });
  await turn();
  expect(disk.waiting.map(({ kind }) => kind)).toEqual(['scheduled', 'submitted', 'answered', 'ended']);
  expect(isAcknowledged).toBe(false);
  disk.waiting[2]?.written();
  await turn();
  expect(isAcknowledged).toBe(true);
});
