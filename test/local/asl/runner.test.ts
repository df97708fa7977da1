import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runFiles } from '../../../local/asl/command.ts';
import { runCase } from '../../../local/asl/run-case.ts';
import type { JsonObject } from '../../../local/template/json.ts';

const MAIN = join(import.meta.dirname, '../../../local/asl/main.ts');

const machine = (states: JsonObject, more: JsonObject = {}): JsonObject => ({
  QueryLanguage: 'JSONata',
  StartAt: Object.keys(states)[0] ?? '',
  States: states,
  ...more,
});
const pass = machine({ A: { Type: 'Pass', End: true } });
const calling = (more: JsonObject = {}): JsonObject =>
  machine({
    T: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: 'f', Payload: '{% $states.input %}' },
      Output: '{% $states.result.Payload %}',
      End: true,
      ...more,
    },
  });

interface Ran {
  readonly code: number;
  readonly lines: readonly JsonObject[];
  readonly stderr: string;
}

/** Runs the command on files with these contents, named `0.json`, `1.json` … */
const run = async (contents: readonly (string | object)[], ...absent: readonly string[]): Promise<Ran> => {
  const folder = await mkdtemp(join(tmpdir(), 'writ-asl-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const files = [...absent, ...contents.keys().map((at) => `${at}.json`)].map((name) => join(folder, name));
  for (const [at, content] of contents.entries())
    await writeFile(join(folder, `${at}.json`), typeof content === 'string' ? content : JSON.stringify(content));
  const [lines, told]: [JsonObject[], string[]] = [[], []];
  const printer = {
    out: (line: string) => void lines.push(JSON.parse(line)),
    err: (line: string) => void told.push(`${line.replaceAll(`${folder}/`, '')}\n`),
  };
  return { code: await runFiles(files, { assembly: folder }, printer), lines, stderr: told.join('') };
};

describe('the command', () => {
  it('is a process with exit code, standard output and standard error', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'writ-asl-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    await writeFile(join(folder, 'a.json'), JSON.stringify({ name: 'a', asl: pass, expect: { output: 1 } }));
    const ran = await new Promise((resolve) => {
      execFile(process.execPath, [MAIN, 'a.json'], { cwd: folder }, (error, stdout, stderr) =>
        resolve([error?.code, stdout, stderr])
      );
    });
    const line = '{"name":"a","status":"SUCCEEDED","output":{},"calls":[],"entered":["A"]}\n';
    expect(ran).toEqual([1, line, 'a.json: a: output: expected 1, found {}\n']);
  });

  it('prints one line for each case, in order, and nothing else', async () => {
    const { code, lines, stderr } = await run([
      [
        { name: 'one', asl: calling(), input: 1, lambda: { f: { return: { n: 2 } } } },
        { name: 'two', asl: machine({ F: { Type: 'Fail', Error: 'E', Cause: 'c' } }) },
      ],
      {
        cases: [{ name: 'three', asl: machine({ W: { Type: 'Wait', Seconds: 9, End: true } }, { TimeoutSeconds: 5 }) }],
      },
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines).toEqual([
      { name: 'one', status: 'SUCCEEDED', output: { n: 2 }, calls: [{ fn: 'f', payload: 1 }], entered: ['T'] },
      { name: 'two', status: 'FAILED', error: 'E', cause: 'c', calls: [], entered: ['F'] },
      { name: 'three', status: 'TIMED_OUT', error: 'States.Timeout', calls: [], entered: ['W'] },
    ]);
  });

  it.each([
    [
      'an array',
      [
        { name: 'a', asl: pass },
        { name: 'b', asl: pass },
      ],
    ],
    [
      'an object with cases',
      {
        cases: [
          { name: 'a', asl: pass },
          { name: 'b', asl: pass },
        ],
      },
    ],
    ['JSON Lines', `${JSON.stringify({ name: 'a', asl: pass })}\n\n${JSON.stringify({ name: 'b', asl: pass })}\n`],
    ['what cases share', { asl: pass, cases: [{ name: 'a' }, { name: 'b' }] }],
  ])('reads %s', async (_, content) => {
    const { code, lines } = await run([content]);
    expect([code, lines.map(({ name }) => name)]).toEqual([0, ['a', 'b']]);
  });

  it('shares input and scripts, which a case may replace one by one', async () => {
    const { lines } = await run([
      {
        asl: calling(),
        input: 'shared',
        lambda: { f: { return: 'shared' }, g: { return: 'unused' } },
        cases: [{ name: 'a' }, { name: 'b', input: 'own', lambda: { f: { return: 'own' } } }],
      },
    ]);
    expect(lines.map(({ output, calls }) => [output, calls])).toEqual([
      ['shared', [{ fn: 'f', payload: 'shared' }]],
      ['own', [{ fn: 'f', payload: 'own' }]],
    ]);
  });

  it('says what is not as expected, and where', async () => {
    const { code, stderr } = await run([
      [
        { name: 'good', asl: pass, input: { a: 1 }, expect: { status: 'SUCCEEDED', output: { a: 1 }, entered: ['A'] } },
        {
          name: 'bad',
          asl: calling(),
          input: { list: [1, 2] },
          lambda: { f: { throw: 'E', message: 'm' } },
          expect: {
            status: 'SUCCEEDED',
            output: 1,
            error: null,
            causeIncludes: ['errorMessage":"m', 'absent'],
            calls: [{ fn: 'f', payload: { list: [1, 3], more: true } }],
            entered: ['T', 'Z'],
          },
        },
      ],
    ]);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toEqual([
      '0.json: bad: status: expected "SUCCEEDED", found "FAILED"',
      '0.json: bad: error: expected nothing, found "E"',
      expect.stringMatching(/^0\.json: bad: cause: expected it to include "absent", found ".*"$/),
      '0.json: bad: output: expected 1, found nothing',
      '0.json: bad: calls[0] f.list[1]: expected 3, found 2',
      '0.json: bad: calls[0] f.more: expected true, found nothing',
      '0.json: bad: entered: expected ["T","Z"], found ["T"]',
    ]);
  });

  it('allows for more than outputIncludes says', async () => {
    const expected = (outputIncludes: unknown) => ({
      name: 'a',
      asl: pass,
      input: { a: { b: 1, c: 2 } },
      expect: { outputIncludes },
    });
    expect((await run([[expected({ a: { b: 1 } })]])).code).toBe(0);
    const { code, stderr } = await run([[expected({ a: { b: 2 } })]]);
    expect([code, stderr]).toEqual([1, '0.json: a: output.a.b: expected 2, found 1\n']);
  });

  it.each<[string, object, string]>([
    ['no object', [5], 'case 1: expected an object with name and asl'],
    ['no name', [{ asl: pass }], 'case 1: name: '],
    ['no machine', [{ name: 'x' }], 'x: asl: expected a definition, or --machine NAME'],
    [
      'an answer that is none',
      [{ name: 'x', asl: pass, lambda: { f: [{ return: 1 }, { returns: 1 }] } }],
      'x: lambda.f[1]: expected {"return": …}',
    ],
    ['no answer at all', [{ name: 'x', asl: pass, lambda: { f: [] } }], 'x: lambda.f: expected at least one answer'],
    [
      'a callback that is none',
      [{ name: 'x', asl: pass, callbacks: { f: { succeeds: 1 } } }],
      'x: callbacks.f[0]: expected {"success": …}',
    ],
    ['cases that are no array', { cases: 3 }, 'cases: '],
  ])('names file, case and field of %s, and runs the others', async (_, malformed, message) => {
    const { code, lines, stderr } = await run([malformed, [{ name: 'other', asl: pass }]]);
    expect(code).toBe(2);
    expect(stderr).toContain(`0.json: ${message}`);
    expect(lines.at(-1)).toMatchObject({ name: 'other', status: 'SUCCEEDED' });
  });

  it.each<[string, JsonObject, string]>([
    ['a misspelt field', { lamda: {} }, 'Unrecognized key: "lamda"'],
    ['an expectation that is none', { expect: { state: 'SUCCEEDED' } }, 'expect: Unrecognized key: "state"'],
  ])('runs a case in spite of %s, and says so', async (_, more, message) => {
    const { code, lines, stderr } = await run([[{ name: 'x', asl: pass, ...more }]]);
    expect(code).toBe(2);
    expect(stderr).toBe(`0.json: x: ${message}\n`);
    expect(lines).toMatchObject([{ name: 'x', status: 'SUCCEEDED' }]);
  });

  it('goes on after a line that is no JSON', async () => {
    const line = JSON.stringify({ name: 'a', asl: pass });
    const { code, lines, stderr } = await run([`${line}\n{"name": \n${line}\n`]);
    expect([code, stderr]).toEqual([2, '0.json: case 2: not JSON\n']);
    expect(lines.map(({ status }) => status)).toEqual(['SUCCEEDED', 'INVALID_CASE', 'SUCCEEDED']);
  });

  it('goes on after a case that is nested too deep to be read', async () => {
    const [deep, line] = [`${'['.repeat(20_000)}${']'.repeat(20_000)}`, JSON.stringify({ name: 'b', asl: pass })];
    const { code, lines } = await run([`[{"name": "a", "input": ${deep}, "asl": ${JSON.stringify(pass)}}, ${line}]`]);
    expect(code).toBe(2);
    expect(lines.map(({ name, status }) => [name, status])).toEqual([
      ['a', 'INVALID_CASE'],
      ['b', 'SUCCEEDED'],
    ]);
  });

  it('reads a file that begins with a byte order mark', async () => {
    expect((await run([`\uFEFF${JSON.stringify([{ name: 'a', asl: pass }])}`])).code).toBe(0);
  });

  it('tells of a file that is no JSON, and of one that is not there', async () => {
    const { code, stderr } = await run(['{'], 'absent.json');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^absent\.json: ENOENT.*\n0\.json: not JSON: /);
  });

  it('asks for something to do', async () => {
    expect(await run([])).toMatchObject({
      code: 2,
      stderr: 'expected files of cases, or --machine NAME to print a definition\n',
    });
  });

  it('lets nothing through that a terminal would obey', async () => {
    const hostile = '\u001b]0;x\u0007\u202e';
    const { stderr } = await run([
      [{ name: hostile, asl: pass, input: hostile, expect: { output: hostile + hostile } }],
    ]);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(stderr).toContain('\\u001b]0;x\\u0007\\u202e: output: expected');
  });

  it('refuses a definition that it does not know, and goes on', async () => {
    const { code, lines } = await run([
      [
        { name: 'a', asl: machine({ L: { Type: 'Loop' } }) },
        { name: 'b', asl: pass },
      ],
    ]);
    expect(code).toBe(0);
    expect(lines).toMatchObject([
      { name: 'a', status: 'INVALID_DEFINITION', error: 'InvalidDefinition', cause: expect.stringContaining('"Loop"') },
      { name: 'b', status: 'SUCCEEDED' },
    ]);
  });
});

describe('a case', () => {
  const played = async (
    asl: JsonObject,
    lambda: object = {},
    callbacks: object = {},
    input: JsonObject | string = {}
  ) => runCase({ name: 'x', asl, input, lambda, callbacks } as Parameters<typeof runCase>[0]);

  it('gives the same result each time, with all that is random in it', async () => {
    const output = '{% [$random(), $uuid(), $now(), $string($shuffle([1..3]) ~> $count())] %}';
    const asl = machine({
      A: { Type: 'Pass', Output: output, Next: 'T' },
      T: {
        Type: 'Task',
        Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
        Arguments: { FunctionName: 'f', Payload: ['{% $states.context.Task.Token %}', '{% $states.input %}'] },
        Retry: [{ ErrorEquals: ['E'], JitterStrategy: 'FULL', IntervalSeconds: 60 }],
        Next: 'B',
      },
      B: { Type: 'Pass', Output: '{% $now() %}', End: true },
    });
    const script = { f: [{ failure: 'E' }, { success: 1 }] };
    const [first, second] = [await played(asl, {}, script), await played(asl, {}, script)];
    expect(first).toEqual(second);
    expect(first.result.status).toBe('SUCCEEDED');
    expect(first.result.calls).toHaveLength(2);
  });

  it('names a function in its calls as the case does, or else as the state machine', async () => {
    const arn = 'arn:aws:lambda:us-east-1:123456789012:function:f:7';
    const asl = calling({ Arguments: { FunctionName: arn, Payload: 1 } });
    for (const [lambda, fn] of [
      [{ f: [{ return: 1 }] }, 'f'],
      [{ [arn]: [{ return: 1 }] }, arn],
      [{ g: [{ return: 1 }] }, arn],
    ] as const)
      expect((await played(asl, lambda)).result.calls).toEqual([{ fn, payload: 1 }]);
  });

  it('passes decades of waiting without any', async () => {
    const asl = machine({
      W: { Type: 'Wait', Seconds: 31_536_000, Next: 'B' },
      B: { Type: 'Pass', Output: '{% $now() %}', End: true },
    });
    const results = await Promise.all(Array.from({ length: 50 }, () => played(asl)));
    expect(new Set(results.map(({ result }) => result.output))).toEqual(new Set(['2027-01-01T00:00:00.000Z']));
  });

  it('gives a result over 256 KiB up, and says of what', async () => {
    const { result } = await played(calling(), { f: [{ return: 'x'.repeat(262_200) }] });
    expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
  });

  it('refuses an input over 256 KiB', async () => {
    const { result } = await played(pass, {}, {}, 'x'.repeat(262_200));
    expect(result).toMatchObject({ status: 'INVALID_INPUT', error: 'InvalidExecutionInput' });
  });

  it('notes a token that nobody scripted, and an answer that came too late', async () => {
    const asl = calling({
      Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
      Output: 'answered',
      TimeoutSeconds: 5,
    });
    const silent = await played(asl);
    expect(silent.result.error).toBe('States.Timeout');
    expect(silent.notes).toEqual(['f is scripted neither in lambda nor in callbacks: its token is never answered']);
    const late = machine({
      ...(asl.States as JsonObject),
      T: { ...((asl.States as JsonObject).T as JsonObject), Catch: [{ ErrorEquals: ['States.ALL'], Next: 'W' }] },
      W: { Type: 'Wait', Seconds: 9, End: true },
    });
    const tooLate = await played(late, {}, { f: [{ success: 1, after: 6 }] });
    expect(tooLate.result.entered).toEqual(['T', 'W']);
    expect(tooLate.notes).toEqual([expect.stringMatching(/^an answer to the token of f was refused: TaskTimedOut: /)]);
  });
});
