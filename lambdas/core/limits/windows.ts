import * as z from 'zod';

/** Fixed windows of time, in UTC: each begins where the one before ends, for everybody at the same moment. */
export const Period = z.enum(['minute', 'hour', 'day']);
export type Period = z.infer<typeof Period>;

export const SECONDS: Readonly<Record<Period, number>> = { minute: 60, hour: 3_600, day: 86_400 };

export interface Window {
  /** When it began: its name among the counters. */
  readonly start: string;
  /** When the next one begins, and counting with it. */
  readonly end: string;
}

/** The window that a moment falls into. A day is a day in UTC: the clock of the epoch knows no leap seconds. */
export const windowOf = (at: Date, per: Period): Window => {
  const lengthMs = SECONDS[per] * 1_000;
  const start = Math.floor(at.getTime() / lengthMs) * lengthMs;
  return { start: new Date(start).toISOString(), end: new Date(start + lengthMs).toISOString() };
};
