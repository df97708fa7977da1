import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type Asked, entryKey } from '../../../lambdas/core/cache/cache.ts';
import { canonicalJson } from '../../../lambdas/core/digest.ts';
import { partition } from '../../../lambdas/core/tables.ts';

const asked: fc.Arbitrary<Asked> = fc.record({
  kind: fc.constantFrom('completion', 'reading'),
  writer: fc.constantFrom('route:a', 'propose:a', 'propose:a-b', 'jira:read'),
  tenant: fc.constantFrom('acme', 'acme-2', 'a'),
  of: fc.dictionary(
    fc.constantFrom('release', 'model', 'input'),
    fc.oneof(fc.constantFrom('', 'x'), fc.jsonValue({ maxDepth: 2 }))
  ),
});

it('two entries lie in the same place exactly where everything is the same that they follow from', () => {
  fc.assert(
    fc.property(asked, asked, (one, other) => {
      expect(partition.cache(entryKey(one)) === partition.cache(entryKey(other))).toBe(
        canonicalJson(one) === canonicalJson(other)
      );
    }),
    { numRuns: 300 }
  );
});

it("lies in its tenant's part of its writer's partition, and says nothing else of what was asked", () => {
  const key = entryKey({ kind: 'reading', writer: 'jira:read', tenant: 'acme', of: { input: 'Miller' } });
  expect(partition.cache(key)).toMatch(/^CACHE#reading#jira:read#acme#[0-9a-f]{64}$/);
});
