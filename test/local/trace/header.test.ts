import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headerOf, traceFrom } from '../../../local/trace/header.ts';

const ROOT = '1-5759e988-bd862e3fe1be46a994272793';
const PARENT = '53995c3f42cd8ad8';
const NOW = Date.UTC(2026, 0, 1);

describe('a trace header', () => {
  it.each([
    [`Root=${ROOT};Parent=${PARENT};Sampled=1`, { root: ROOT, parent: PARENT, sampled: true }],
    [`Root=${ROOT};Parent=${PARENT};Sampled=0`, { root: ROOT, parent: PARENT, sampled: false }],
    [`Root=${ROOT}`, { root: ROOT, sampled: true }],
    [`Root=${ROOT};Sampled=?`, { root: ROOT, sampled: true }],
    [`Self=1-67891234-12456789abcdef012345678;Root=${ROOT}; Sampled=0`, { root: ROOT, sampled: false }],
    [`Root=${ROOT};Parent=not-an-id`, { root: ROOT, sampled: true }],
  ])('%s is carried on', (header, context) => {
    expect(traceFrom(header, NOW)).toEqual(context);
    expect(traceFrom(headerOf(traceFrom(header, NOW)), NOW)).toEqual(context);
  });

  it.each([undefined, '', 'Root=1-x', `Root=${ROOT}00`, `Root=${ROOT}\r\nx: y;Parent=${PARENT}`])(
    '%j begins a trace of its own, of this second',
    (header) => {
      const { root, parent, sampled } = traceFrom(header, NOW);
      expect(root).toMatch(/^1-6955b900-[0-9a-f]{24}$/);
      expect([parent, sampled]).toEqual([undefined, true]);
    }
  );

  it('is well formed, whatever was given', () => {
    fc.assert(
      fc.property(fc.string(), (given) =>
        /^Root=1-[0-9a-f]{8}-[0-9a-f]{24}(;Parent=[0-9a-f]{16})?;Sampled=[01]$/.test(headerOf(traceFrom(given, NOW)))
      )
    );
  });
});
