import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../lambdas/core/digest.ts';
import { predict } from '../../lambdas/core/engine/classifier/model.ts';
import { parse } from '../../lambdas/core/engine/classifier/parse.ts';
import { ConfigError } from '../../lib/config.ts';
import { ROOT } from '../../lib/prepare.ts';
import { trainAll } from '../../lib/train.ts';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), 'writ-models-'));
});
afterEach(() => rmSync(cache, { recursive: true, force: true }));

const examples = ['printer', 'paper', 'toner', 'tray', 'scanner'].flatMap((word) => [
  { text: `the ${word} is broken`, label: 'Hardware' },
  { text: `my password for ${word} has expired`, label: 'Access' },
]);
const queue = { step: 'propose', name: 'queue', examples } as const;

describe('training at synthesis', () => {
  it('gives a model that its digest names', () => {
    const [model] = trainAll(ROOT, cache, [queue]);
    expect(model?.spec).toMatchObject({ kind: 'classifier', name: 'queue', file: 'queue.model' });
    expect(model?.spec.digest).toBe(sha256(model?.bytes ?? ''));
    expect(predict(parse(model?.bytes ?? new Uint8Array()), 'the tray is broken').label).toBe('Hardware');
  });

  it('takes a model from the cache where nothing changed', () => {
    trainAll(ROOT, cache, [queue]);
    const [file = ''] = readdirSync(cache);
    writeFileSync(join(cache, file), 'kept');
    expect(Buffer.from(trainAll(ROOT, cache, [queue])[0]?.bytes ?? '').toString()).toBe('kept');
  });

  it('trains anew where an example changed', () => {
    const [before] = trainAll(ROOT, cache, [queue]);
    const more = [...examples, { text: 'a cable is loose', label: 'Hardware' }];
    const [after] = trainAll(ROOT, cache, [{ ...queue, examples: more }]);
    expect(after?.spec.digest).not.toBe(before?.spec.digest);
    expect(readdirSync(cache)).toHaveLength(2);
  });

  it('trains anew where a wrong answer costs another, or a label is out of scope', () => {
    const more = [...examples, { text: 'cake in the kitchen', label: 'None' }, { text: 'cake is gone', label: 'None' }];
    const digests = [{}, { wrongCost: 9 }, { outside: 'None' }].map(
      (options) => trainAll(ROOT, cache, [{ ...queue, examples: more, ...options }])[0]?.spec.digest
    );
    expect(new Set(digests).size).toBe(3);
  });

  it('says what is wrong with examples that teach nothing', () => {
    const one = [{ text: 'a', label: 'Hardware' }];
    expect(() => trainAll(ROOT, cache, [{ ...queue, examples: one }])).toThrow(ConfigError);
    expect(() => trainAll(ROOT, cache, [{ ...queue, examples: one }])).toThrow(/the examples cannot train queue: /);
  });
});
