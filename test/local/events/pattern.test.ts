import { describe, expect, it } from 'vitest';
import { compilePattern } from '../../../local/events/pattern.ts';

describe('event patterns', () => {
  const matches = compilePattern({ source: ['aws.states'], detail: { status: ['FAILED', 'ABORTED'], error: [null] } });

  it.each([
    [{ source: 'aws.states', detail: { status: 'FAILED', error: null } }, true],
    [{ source: 'aws.states', detail: { status: 'ABORTED', error: null, more: 1 } }, true],
    [{ source: 'aws.states', detail: { status: ['FAILED', 'x'], error: null } }, true],
    [{ source: 'aws.states', detail: { status: 'SUCCEEDED', error: null } }, false],
    [{ source: 'aws.states', detail: { status: 'FAILED' } }, false],
    [{ source: 'aws.states', detail: 'FAILED' }, false],
    [{ detail: { status: 'FAILED', error: null } }, false],
  ])('%j: %s', (event, expected) => {
    expect(matches(event)).toBe(expected);
  });

  it('refuse a matcher that is not known, by the name of its field', () => {
    expect(() => compilePattern({ detail: { status: [{ prefix: 'F' }] } })).toThrow(
      'EventPattern.detail.status: the local stack does not know the matcher {"prefix":"F"}'
    );
    expect(() => compilePattern({ detail: 'x' })).toThrow('EventPattern.detail: expected a list');
  });
});
