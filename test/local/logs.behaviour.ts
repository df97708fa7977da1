import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { aFolder } from './assembly.ts';
import { invoke } from './calls.ts';
import { sample, start } from './sample.ts';

const ID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const STAMP = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const TRACE = String.raw`\tXRAY TraceId: 1-[0-9a-f]{8}-[0-9a-f]{24}\tSegmentId: [0-9a-f]{16}\tSampled: true`;
const REPORT = String.raw`REPORT RequestId: ${ID}\tDuration: [\d.]+ ms\tBilled Duration: \d+ ms\tMemory Size: 256 MB`;
const USED = String.raw`${REPORT}\tMax Memory Used: \d+ MB`;

describe('logs of functions', () => {
  const data = aFolder();
  let stack: LocalStack;
  let read = 0;
  beforeAll(async () => {
    stack = await start(sample(), { data });
    await stack.warm();
  });
  afterAll(() => stack.close());

  const file = join(data, 'logs', 'worker.log');
  /** The lines since the last time, once they end with a report. */
  const lines = async (): Promise<readonly string[]> => {
    const found = await vi.waitUntil(
      () => {
        const all = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(read) : [];
        return all.some((line) => line.includes('\tREPORT ')) ? all : undefined;
      },
      { timeout: 10_000 }
    );
    read += found.length;
    return found;
  };
  const expectLines = (found: readonly string[], expected: readonly string[]): void => {
    expect(found.length, found.join('\n')).toBe(expected.length);
    for (const [at, line] of found.entries()) expect(line).toMatch(new RegExp(`^${STAMP}\\t${expected[at]}$`));
  };

  it('hold what Lambda prints around an invocation, and every line that the function prints, each stamped', async () => {
    await invoke(stack, { do: 'print', lines: '{"level":"INFO"}\ntwo\nthree\n' });
    expectLines(await lines(), [
      `START RequestId: ${ID} Version: 1`,
      `${STAMP}\\t${ID}\\tWARN\\ta warning`,
      '\\{"level":"INFO"\\}',
      'two',
      'three',
      `END RequestId: ${ID}`,
      `${USED}\\tInit Duration: [\\d.]+ ms${TRACE}`,
    ]);
  });

  it('hold nothing that a terminal obeys', async () => {
    await invoke(stack, { do: 'print', lines: 'red \u001b[31m\u0007 \u009b\r\n' }, { 'x-amzn-trace-id': 'Sampled=0' });
    expectLines(await lines(), [
      `START RequestId: ${ID} Version: 1`,
      `${STAMP}\\t${ID}\\tWARN\\ta warning`,
      'red \\\\u001b\\[31m\\\\u0007 \\\\u009b',
      `END RequestId: ${ID}`,
      USED,
    ]);
  });

  it.each([
    [
      'what it throws',
      { do: 'fail' },
      [`${STAMP}\\t${ID}\\tERROR\\tInvoke Error \\t\\{"errorType":"Retryable".*`],
      USED,
    ],
    [
      'that it crashed',
      { do: 'crash' },
      [`RequestId: ${ID} Error: Runtime exited with error: exit status 3`],
      `${REPORT}\\tStatus: error\\tError Type: Runtime.ExitError`,
    ],
    [
      'that it took too long',
      { do: 'hang' },
      [`RequestId: ${ID} Error: Task timed out after 2.00 seconds`],
      `${REPORT}\\tStatus: timeout`,
    ],
  ])('say %s', async (_, event, middle, report) => {
    await invoke(stack, event);
    expectLines(await lines(), [
      `START RequestId: ${ID} Version: 1`,
      ...middle,
      `END RequestId: ${ID}`,
      `(?:${report})${TRACE}`,
    ]);
  });
});
