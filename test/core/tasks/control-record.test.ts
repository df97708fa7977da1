import { describe, expect, it } from 'vitest';
import { GENESIS, headOf } from '../../../lambdas/core/audit/record.ts';
import { digestOf } from '../../../lambdas/core/digest.ts';
import type { Control } from '../../../lambdas/core/records.ts';
import { make, requestOf } from '../../../lambdas/core/tasks/control-record.ts';
import { AT } from '../../support/builders.ts';
import { eventOf } from '../../support/run.ts';

const at = AT.toISOString();
const later = (hours: number): string => new Date(AT.getTime() + hours * 3_600_000).toISOString();
const by = { id: 'op-1', tenant: 'acme', roles: ['operator' as const] };
const circumstances = { operatorTenant: 'platform', now: () => AT, traceId: () => 'untraced' };

type Wanted = Parameters<typeof make>[2]['change'];
const made = (change: Wanted, before?: Partial<Control>, head = GENESIS) => {
  const subject = 'tenant:acme';
  const control = before && { subject, stopped: true, reason: 'before', by: 'op-0', at: later(-1), ...before };
  const result = make(circumstances, by, {
    subject,
    level: 'tenant',
    change,
    root: { head, ...(control && { control }) } as Parameters<typeof make>[2]['root'],
  });
  if (result === 'held') throw new Error('nobody holds it');
  return result;
};

describe('a change of a control', () => {
  it('to a stop keeps what it stops, until when, and in which mode, in the control and in its chain', () => {
    const change = { stopped: true, stops: 'everything', until: later(2), mode: 'shadow', reason: 'a leak' } as const;
    const { control, record } = made(change);
    const said = { stopped: true, stops: 'everything', until: later(2), mode: 'shadow', reason: 'a leak' };
    expect(control).toStrictEqual({ subject: 'tenant:acme', ...said, by: 'op-1', at });
    expect(eventOf(record)).toStrictEqual({
      step: 'control',
      args_redacted: said,
      policy: { decision: 'stopped', rule_ids: [] },
      result: { status: 'stopped' },
    });
    expect(record).toMatchObject({
      run_id: 'tenant:acme',
      at,
      user: { id: 'op-1', tenant: 'acme' },
      release: 'none',
      trace_id: 'untraced',
      seq: 0,
    });
  });

  it('to a stop that says no more is for writes, without an end and a mode', () => {
    const { control, record } = made({ stopped: true, reason: 'a leak' });
    expect(control).toStrictEqual({
      subject: 'tenant:acme',
      stopped: true,
      stops: 'writes',
      reason: 'a leak',
      by: 'op-1',
      at,
    });
    expect(record.args_redacted).toStrictEqual({ stopped: true, stops: 'writes', reason: 'a leak' });
  });

  it('to an end of a stop says what it replaces, keeps the mode, and follows the head of the chain', () => {
    const first = made({ stopped: true, reason: 'a leak' });
    const { control, record, inForce, isWeaker } = made(
      { stopped: false, reason: 'mended', until: undefined },
      { stops: 'everything', until: later(3), mode: 'supervised' },
      headOf(first.record)
    );
    expect(control).toStrictEqual({
      subject: 'tenant:acme',
      stopped: false,
      mode: 'supervised',
      reason: 'mended',
      by: 'op-1',
      at,
    });
    expect(record.args_redacted).toStrictEqual({
      stopped: false,
      reason: 'mended',
      mode: 'supervised',
      replaces: { stops: 'everything', until: later(3), at: later(-1) },
    });
    expect(record).toMatchObject({ seq: 1, prev_hash: first.record.hash, result: { status: 'running' } });
    expect([inForce?.stops, isWeaker]).toEqual(['everything', true]);
  });

  it.each<[string, Partial<Control>, object]>([
    ['a stop that says no more', {}, { replaces: { stops: 'writes', at: later(-1) } }],
    ['a stop whose time is over', { until: later(-0.5) }, {}],
    ['no stop', { stopped: false }, {}],
  ])('says that it replaces, or not: %s', (_, before, expected) => {
    const { record } = made({ stopped: true, reason: 'again' }, before);
    const { replaces } = record.args_redacted ?? {};
    expect(replaces === undefined ? {} : { replaces }).toStrictEqual(expected);
  });

  it('is known again by all that was asked, where it says what it saw', () => {
    const change = { stopped: false, reason: 'mended', expects: 'a'.repeat(64) };
    expect(requestOf({ stopped: false, reason: 'mended' })).toBeUndefined();
    expect(requestOf(change)).toBe(digestOf(change));
    expect(made(change, {}).record.args_redacted?.request).toBe(digestOf(change));
    expect(made({ stopped: false, reason: 'mended' }, {}).record.args_redacted).not.toHaveProperty('request');
  });
});
