import type { DefaultRetention } from '../template/buckets.ts';
import type { Retention, Version } from './version.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

const isActive = (retention: Retention | undefined, now: number): retention is Retention =>
  retention !== undefined && retention.until > now;

/** Until when a version that is made now is retained. */
export const retentionFrom = ({ mode, period }: DefaultRetention, now: number): Retention => {
  if ('days' in period) return { mode, until: now + period.days * DAY_MS };
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + period.years);
  return { mode, until: until.getTime() };
};

/** What lifts a lock: nothing, or the right to bypass `GOVERNANCE`. */
export type Lifts = 'nothing' | 'bypass';

/** Whether a version must stay. A legal hold and `COMPLIANCE` hold against everybody; a delete marker holds nothing. */
export const mustStay = (version: Version, now: number): Lifts | undefined => {
  if (version.kind === 'marker') return undefined;
  if (version.legalHold) return 'nothing';
  if (!isActive(version.retention, now)) return undefined;
  return version.retention.mode === 'COMPLIANCE' ? 'nothing' : 'bypass';
};

/** Whether a retention must not become another, or none. To retain for longer in the same mode is always allowed. */
export const mustRemain = (
  current: Retention | undefined,
  next: Retention | undefined,
  now: number
): Lifts | undefined => {
  if (!isActive(current, now)) return undefined;
  if (next?.mode === current.mode && next.until >= current.until) return undefined;
  return current.mode === 'COMPLIANCE' ? 'nothing' : 'bypass';
};
