import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HEADER_BYTES } from '../../../../lambdas/core/engine/classifier/format.ts';
import { predict } from '../../../../lambdas/core/engine/classifier/model.ts';
import { parse } from '../../../../lambdas/core/engine/classifier/parse.ts';
import { serialise } from '../../../../lambdas/core/engine/classifier/serialise.ts';
import { train } from '../../../../lambdas/core/engine/classifier/train.ts';
import { ticketsOf } from './examples.ts';

const model = train(ticketsOf(120, { noise: 0.3 }));
const bytes = serialise(model);

const scoped = train(ticketsOf(120, { noise: 0.3 }), { outside: 'Access' });

const changed = (change: (copy: Uint8Array, view: DataView) => void): Uint8Array => {
  const copy = bytes.slice();
  change(copy, new DataView(copy.buffer));
  return copy;
};

/** The model with something else where its labels stand. */
const withLabels = (labels: unknown): Uint8Array => {
  const [now, then] = [model.labels, labels].map((list) => new TextEncoder().encode(JSON.stringify(list)));
  const other = Uint8Array.from([
    ...bytes.subarray(0, HEADER_BYTES),
    ...(then ?? []),
    ...bytes.subarray(HEADER_BYTES + (now?.length ?? 0)),
  ]);
  new DataView(other.buffer).setUint32(12, then?.length ?? 0, true);
  return other;
};

describe('a stored model', () => {
  it('is read back as it was', () => {
    expect(parse(bytes)).toEqual(model);
    expect(serialise(parse(bytes))).toEqual(bytes);
    for (const { text } of ticketsOf(60, { seed: 9, noise: 0.5 }))
      expect(predict(parse(bytes), text)).toEqual(predict(model, text));
  });

  it('is read back with what is out of scope', () => {
    const read = parse(serialise(scoped));

    expect(read).toEqual(scoped);
    for (const { text } of ticketsOf(60, { seed: 9, noise: 0.5 }))
      expect(predict(read, text)).toEqual(predict(scoped, text));
  });

  it('is read wherever its bytes lie in a larger buffer, and lets go of it', () => {
    const buffer = Buffer.alloc(bytes.length + 7, 0xff);
    buffer.set(bytes, 3);
    const read = parse(buffer.subarray(3, 3 + bytes.length));
    buffer.fill(0);

    expect(read).toEqual(model);
  });

  it('keeps labels of any spelling', () => {
    const labels = ['__proto__', 'a\ud800b', '運用 "quoted"\n'];

    expect(parse(withLabels(labels)).labels).toEqual(labels);
  });

  it('may know no feature at all', () => {
    const examples = ['alpha', 'bravo', 'quick', 'jumpy'].map((text, at) => ({ text, label: `${at % 2}` }));
    const empty = train(examples);

    expect(empty.vocabulary.buckets.length).toBe(0);
    expect(parse(serialise(empty))).toEqual(empty);
    expect(predict(empty, 'alpha').abstained).toBe(true);
  });
});

describe('malformed bytes', () => {
  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(0), /at least 32 bytes, found 0/],
    ['another file', new TextEncoder().encode('{"text": "this is no model at all, but JSON"}'), /start with "WRITC"/],
    ['another version', changed((copy) => copy.fill(9, 5, 6)), /version 2/],
    ['one byte too few', bytes.subarray(0, -1), /ends within the weights/],
    ['one byte too many', Uint8Array.from([...bytes, 0]), /1 bytes follow its end/],
    ['more features than there can be', changed((_, view) => view.setUint32(8, 0xffff_ffff, true)), /features, found/],
    ['labels longer than the file', changed((_, view) => view.setUint32(12, 0xffff_ffff, true)), /within the labels/],
    ['no temperature', changed((_, view) => view.setFloat64(16, 0, true)), /temperature is 0/],
    ['an endless temperature', changed((_, view) => view.setFloat64(16, Infinity, true)), /temperature is Infinity/],
    ['a threshold above 1', changed((_, view) => view.setFloat64(24, 1.5, true)), /threshold is 1.5/],
    ['no threshold', changed((_, view) => view.setFloat64(24, Number.NaN, true)), /threshold is NaN/],
    ['labels that are no JSON', changed((copy) => copy.fill(0x7b, HEADER_BYTES, HEADER_BYTES + 1)), /not JSON/],
    ['labels that are no UTF-8', changed((copy) => copy.fill(0xff, HEADER_BYTES + 2, HEADER_BYTES + 3)), /not JSON/],
    ['labels that are no list', withLabels({ a: 1 }), /not a list of strings/],
    ['labels that are no strings', withLabels([1, 2, 3]), /not a list of strings/],
    ['one label', withLabels(['a']), /2 to 300 different labels, found 1/],
    ['the same label twice', withLabels(['a', 'b', 'a']), /different labels/],
    ['flags that nobody knows', changed((copy) => copy.fill(2, 6, 7)), /flags are unknown/],
    ['another flag that nobody knows', changed((copy) => copy.fill(1, 7, 8)), /flags are unknown/],
    [
      'a scope without a number',
      serialise({ ...scoped, scope: { lead: Number.NaN, known: 0, base: 0 } }),
      /scope is not of finite numbers/,
    ],
    [
      'a weight of a class beyond the last',
      serialise({ ...model, linear: { ...model.linear, classes: model.linear.classes.map((k) => k + 3) } }),
      /class beyond the last/,
    ],
    [
      'an endless bias',
      serialise({ ...model, linear: { ...model.linear, biases: Float32Array.of(0, Infinity, 0) } }),
      /bias is not a finite/,
    ],
    [
      'a feature beyond the last',
      serialise({
        ...model,
        vocabulary: { ...model.vocabulary, buckets: model.vocabulary.buckets.map((b) => b + 2 ** 20) },
      }),
      /beyond the last/,
    ],
  ])('are refused: %s', (_, malformed, message) => {
    expect(() => parse(malformed)).toThrow(message);
    expect(() => parse(malformed)).toThrow(RangeError);
  });

  it('never fail otherwise than by a RangeError', () => {
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (place, value, length) => {
        const damaged = changed((copy) => copy.fill(value, place, place + 1)).subarray(0, length);
        try {
          const read = parse(damaged);
          expect(predict(read, 'vpn router').confidence).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 300 }
    );
  });
});
