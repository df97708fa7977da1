import * as z from 'zod';
import type { Run } from '../run.ts';
import { fisherExact, mannWhitney } from './statistics.ts';

/** Runs are compared as they stood so long after they were submitted, so that what was once seen never changes. */
export const HORIZON_MS = 3_600_000;

/** Looks are taken when so many runs of each release are known, and never again with the same runs. */
export const LOOKS = [50, 100, 200, 400, 800, 1_600] as const;
/** How often, over all looks and measures of a canary, releases that do not differ are said to differ: 1 in 20 at most. */
export const ALPHA = 0.05;

/** A run in a comparison, in the order of submission. */
export interface Observation {
  readonly run: Pick<Run, 'createdAt' | 'updatedAt' | 'status' | 'outcome' | 'rules'>;
  readonly costMicrousd: number;
}

interface Seen {
  readonly end: 'completed' | 'escalated' | 'failed' | 'refused' | 'unfinished';
  readonly rule: string;
  readonly milliseconds: number;
  readonly costMicrousd: number;
}

const ENDS = {
  completed: 'completed',
  recorded: 'completed',
  'not-eligible': 'completed',
  refused: 'refused',
  escalated: 'escalated',
  failed: 'failed',
} as const;

/** How a run stood at the horizon; undefined where that is not known yet. */
const seenOf = ({ run, costMicrousd }: Observation, now: Date): Seen | undefined => {
  const milliseconds = Date.parse(run.updatedAt) - Date.parse(run.createdAt);
  const rule = run.rules[0] ?? 'NO_RULE';
  if (run.status === 'closed' && run.outcome !== undefined && milliseconds <= HORIZON_MS)
    return { end: ENDS[run.outcome], rule, milliseconds, costMicrousd };
  if (now.getTime() - Date.parse(run.createdAt) <= HORIZON_MS) return undefined;
  return { end: 'unfinished', rule, milliseconds: HORIZON_MS, costMicrousd };
};

const Count = z.int().nonnegative();

export const Summary = z.strictObject({
  /** Runs that are known. */
  runs: Count,
  completed: Count,
  escalated: Count,
  failed: Count,
  refused: Count,
  unfinished: Count,
  /** Escalations by the first rule that decided. */
  escalations: z.record(z.string(), Count),
  medianMs: z.number().optional(),
  meanMicrousd: z.number().optional(),
});
export type Summary = z.infer<typeof Summary>;

const MEASURES = ['completed', 'escalated', 'failed', 'time', 'cost'] as const;

export const Measured = z.strictObject({
  measure: z.enum(MEASURES),
  /** How often chance alone shows at least this difference. */
  p: z.number(),
  finding: z.enum(['better', 'worse', 'no-difference']),
});
export type Measured = z.infer<typeof Measured>;

export const Comparison = z.strictObject({
  /** `better`: in something, and worse in nothing. */
  verdict: z.enum(['too-few', 'no-difference', 'better', 'worse']),
  /** The look that it rests on: so many runs of each release. */
  look: Count,
  /** A difference counts where chance shows it less often than this. */
  bound: z.number(),
  measured: z.array(Measured),
  stable: Summary,
  candidate: Summary,
});
/** A candidate beside the stable release. */
export type Comparison = z.infer<typeof Comparison>;

const count = (seen: readonly Seen[], end: Seen['end']): number => seen.filter((each) => each.end === end).length;

const summaryOf = (seen: readonly Seen[]): Summary => {
  const times = seen.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b);
  const median = times[Math.floor((times.length - 1) / 2)];
  const mean = seen.reduce((sum, { costMicrousd }) => sum + costMicrousd, 0) / seen.length;
  const escalated = Map.groupBy(
    seen.filter(({ end }) => end === 'escalated'),
    ({ rule }) => rule
  );
  return {
    runs: seen.length,
    completed: count(seen, 'completed'),
    escalated: count(seen, 'escalated'),
    failed: count(seen, 'failed'),
    refused: count(seen, 'refused'),
    unfinished: count(seen, 'unfinished'),
    escalations: Object.fromEntries([...escalated].map(([rule, those]) => [rule, those.length])),
    ...(median !== undefined && { medianMs: median, meanMicrousd: mean }),
  };
};

/** What the look of this number may spend of `ALPHA` on one measure: 1/(k(k+1)) of it, which sums to less than all. */
export const boundOf = (look: number): number => ALPHA / (look * (look + 1)) / MEASURES.length;

const measure = (stable: readonly Seen[], candidate: readonly Seen[], bound: number): readonly Measured[] => {
  const finding = (p: number, isBetter: boolean) => (p >= bound ? 'no-difference' : isBetter ? 'better' : 'worse');
  const rate = (name: 'completed' | 'escalated' | 'failed', isGood: boolean): Measured => {
    const [was, is] = [count(stable, name), count(candidate, name)];
    const p = fisherExact({ count: was, of: stable.length }, { count: is, of: candidate.length });
    return { measure: name, p, finding: finding(p, is > was === isGood) };
  };
  const amount = (name: 'time' | 'cost', of: (seen: Seen) => number): Measured => {
    const { p, above } = mannWhitney(candidate.map(of), stable.map(of));
    return { measure: name, p, finding: finding(p, above < 0.5) };
  };
  return [
    rate('completed', true),
    rate('escalated', false),
    rate('failed', false),
    amount('time', ({ milliseconds }) => milliseconds),
    amount('cost', ({ costMicrousd }) => costMicrousd),
  ];
};

const verdictOf = (measured: readonly Measured[]): Comparison['verdict'] => {
  if (measured.some(({ finding }) => finding === 'worse')) return 'worse';
  return measured.some(({ finding }) => finding === 'better') ? 'better' : 'no-difference';
};

const GUARDED: readonly string[] = ['completed', 'escalated', 'failed'];

const isHarmful = ({ measured }: Pick<Comparison, 'measured'>): boolean =>
  measured.some(({ measure, finding }) => finding === 'worse' && GUARDED.includes(measure));

/** Those that are known before the first that is not: a later one must not count earlier because it ended faster. */
const known = (observations: readonly Observation[], now: Date): readonly Seen[] => {
  const seen = observations.map((each) => seenOf(each, now));
  const end = seen.indexOf(undefined);
  return (end < 0 ? seen : seen.slice(0, end)).filter((each) => each !== undefined);
};

/**
 * Compares a candidate with the stable release, each by its runs in the order of submission. What a look found of a measure stays. The
 * first that finds the candidate worse in completion, escalation or failure is the last: whatever else differs, such as the cost, it is
 * looked on for these. Looking often finds no more than looking once.
 */
export const compare = (
  observed: { readonly stable: readonly Observation[]; readonly candidate: readonly Observation[] },
  now: Date
): Comparison => {
  const [stable, candidate] = [known(observed.stable, now), known(observed.candidate, now)];
  const most = Math.min(stable.length, candidate.length);
  const summaries = { stable: summaryOf(stable), candidate: summaryOf(candidate) };
  let last: Comparison = { verdict: 'too-few', look: 0, bound: boundOf(1), measured: [], ...summaries };
  for (const [at, look] of LOOKS.entries()) {
    if (most < look) break;
    const bound = boundOf(at + 1);
    const found = last.measured.filter(({ finding }) => finding !== 'no-difference');
    const measured = measure(stable.slice(0, look), candidate.slice(0, look), bound).map(
      (each) => found.find(({ measure }) => measure === each.measure) ?? each
    );
    last = { verdict: verdictOf(measured), look, bound, measured, ...summaries };
    if (isHarmful(last)) break;
  }
  return last;
};

/** What is to be done where it is done without asking. Time and cost alone take nothing back. */
export const dueOf = (comparison: Comparison): 'rollback' | 'promote' | undefined => {
  const { verdict, look } = comparison;
  if (isHarmful(comparison)) return 'rollback';
  return verdict === 'better' || (verdict === 'no-difference' && look === LOOKS.at(-1)) ? 'promote' : undefined;
};
