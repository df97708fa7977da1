import fc from 'fast-check';
import jsonata from 'jsonata';
import { describe, expect, it } from 'vitest';
import { systemChance } from '../../../local/states/chance.ts';
import { StateFailed } from '../../../local/states/failure.ts';
import { compileTemplate, type Sees } from '../../../local/states/template.ts';
import type { Json } from '../../../local/template/json.ts';

const evaluate = async (value: Json, values: Record<string, Json> = {}): Promise<Json> =>
  compileTemplate(value, 'Output')({ values, nowMs: Date.UTC(2030, 0, 31, 9), chance: systemChance });

const failureOf = async (expression: string): Promise<StateFailed> => {
  const error: unknown = await evaluate(`{% ${expression} %}`).catch((reason: unknown) => reason);
  if (!(error instanceof StateFailed)) throw new Error(`expected a failure, found ${JSON.stringify(error)}`);
  return error;
};

describe('a template', () => {
  it('replaces expressions wherever they stand, and leaves everything else alone', async () => {
    const template = { a: ['{% $x %}', { b: '{% $x + 1 %}' }], c: '$x', d: 'no {% $x %} no', e: null };
    expect(await evaluate(template, { x: 1 })).toEqual({ a: [1, { b: 2 }], c: '$x', d: 'no {% $x %} no', e: null });
  });

  it.each(['{% $x', ' {% $x %}', '{% $x %} ', '{%}'])('refuses what is opened or closed alone: %j', (text) => {
    expect(() => compileTemplate({ a: [text] }, 'Output')).toThrow(
      /^Output\/a\[0\]: an expression begins with {% and ends with %}, found /
    );
  });

  it('refuses to ask for what cannot be seen', () => {
    const refused = (source: string, sees?: Sees) => () => compileTemplate(`{% ${source} %}`, 'Output', sees);
    expect(refused('$count($states.result.items)')).toThrow('Output: $states.result cannot be seen here');
    expect(refused('[1]{ "a": $states.errorOutput.Error }', 'result')).toThrow('$states.errorOutput cannot be seen');
    expect(refused('$states.result', 'result')).not.toThrow();
    expect(refused('$states.input.result & $x.states.result')).not.toThrow();
  });

  it('names the field whose expression does not compile', () => {
    expect(() => compileTemplate({ a: ['{% 1 + %}'] }, 'Arguments')).toThrow(
      /^Arguments\/a\[0\]: '1 \+' is not a JSONata expression: /
    );
  });

  it('keeps null, and a key that names the prototype', async () => {
    expect(await evaluate({ a: '{% $x.n %}' }, { x: { n: null } })).toEqual({ a: null });
    const made = await evaluate('{% $parse($t) %}', { t: '{"__proto__": {"bad": 1}}' });
    expect(JSON.stringify(made)).toBe('{"__proto__":{"bad":1}}');
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it('answers paths and comparisons just as JSONata does', async () => {
    const name = fc.constantFrom('a', 'b', 'length', 'constructor');
    const leaf = fc.oneof(fc.constantFrom<Json>('a', 'b', '', null, true, 0, 1), fc.constant<Json>([]));
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.dictionary(name, tie('value'), { maxKeys: 3 }),
        fc.array(tie('value'), { maxLength: 2 })
      ),
    }));
    const path = fc.array(name, { minLength: 0, maxLength: 4 }).map((names) => ['$x', ...names].join('.'));
    const expression = fc.oneof(
      path,
      fc.tuple(path, fc.constantFrom('a', 'b', '')).map(([left, right]) => `${left} = '${right}'`)
    );
    await fc.assert(
      fc.asyncProperty(expression, value, async (source, x) => {
        const reference: unknown = await jsonata(source).evaluate(undefined, { x });
        const expected = reference === undefined ? undefined : JSON.parse(JSON.stringify(reference));
        const found = await evaluate(`{% ${source} %}`, { x }).catch(() => undefined);
        expect(found).toEqual(expected);
      }),
      { numRuns: 500 }
    );
  });
});

describe('an expression fails', () => {
  it.each([
    ['$absent', 'returned nothing (undefined).'],
    ['$sum($absent)', 'returned nothing (undefined).'],
    ['1 + "a"', 'T2002'],
    ['1/0', 'returned an unsupported result type. Infinity is not JSON.'],
    ['[0/0]', 'NaN is not JSON'],
    ['function($x){ $x }', 'returned an unsupported result type. A function is not JSON.'],
    ['{"f": $sum}', 'unsupported result type'],
    ['$eval("1")', '$eval is not available'],
    ['$error("mine")', 'mine'],
    ['[1..500000]', 'D2015: Expression evaluation memory limit exceeded'],
    ['$hash("a", "MD4")', '$hash knows MD5'],
    ['$parse("{")', 'JSON'],
  ])('%s', async (expression, problem) => {
    const { failure } = await failureOf(expression);
    expect(failure.error).toBe('States.QueryEvaluationError');
    expect(failure.location).toBe('Output');
    expect(failure.cause).toContain(`The JSONata expression '${expression}' specified for the field 'Output'`);
    expect(failure.cause).toContain(problem);
  });

  it('at 100 levels of recursion, where AWS stops it too', async () => {
    const recursive = '($f := function($n) { $n <= 0 ? 0 : 1 + $f($n - 1) }; $f(';
    expect(await evaluate(`{% ${recursive}31)) %}`)).toBe(31);
    expect((await failureOf(`${recursive}32))`)).failure.cause).toContain('D1011: Stack overflow error');
  });

  it('in bounded time, where it recurses for ever', async () => {
    expect((await failureOf('($f := function($n) { $f($n + 1) }; $f(0))')).failure.cause).toContain(
      'D1012: Expression evaluation timeout'
    );
  });
});

describe('the functions that Step Functions adds', () => {
  it.each<[string, Json]>([
    ['$partition([1..5], 2)', [[1, 2], [3, 4], [5]]],
    ['$partition([1..3], 2.9)', [[1, 2], [3]]],
    ['$range(0, 9, 3)', [0, 3, 6, 9]],
    ['$range(3, 0, -2)', [3, 1]],
    ['$range(-1.7, 2, 1)', [-1, 0, 1, 2]],
    ['$range(4, 4, 1)', 4],
    ['$exists($range(0, 3, -1))', false],
    ['$exists($range(0, 3, 0))', false],
    ['$exists($partition([1], 0))', false],
    ['$hash("abc", "SHA-256")', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['$hash("abc", "MD5")', '900150983cd24fb0d6963f7d28e17f72'],
    ['$parse("[1,null]")', [1, null]],
    ['$random(7) = $random(7)', true],
    ['$random(7) = $random(8)', false],
    ['$random() < 1', true],
    ['$uuid() = $uuid()', false],
    ['$now()', '2030-01-31T09:00:00.000Z'],
    ['$now("[D]/[M]", "+1500")', '1/2'],
    ['$millis() = $toMillis("2030-01-31T09:00:00Z")', true],
    ['$match($uuid(), /^[0-9a-f]{8}-[0-9a-f]{4}-4/).index', 0],
  ])('%s', async (expression, expected) => {
    expect(await evaluate(`{% ${expression} %}`)).toEqual(expected);
  });
});
