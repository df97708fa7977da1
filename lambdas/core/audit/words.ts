import * as z from 'zod';
import type { AuditRecord } from './record.ts';
import type { About, Reason, Statement } from './story.ts';

/** A member of its own: what records say comes from outside, and may be named as what every object has. */
export const own = <T>(table: Readonly<Record<string, T>>, key: string): T | undefined =>
  Object.hasOwn(table, key) ? table[key] : undefined;

export type Facts = Partial<Omit<Statement, 'about' | 'text' | 'at' | 'proof'>>;
export type Said = readonly [about: About, text: string, facts?: Facts];
export type ReasonOf = (id: string) => Reason;

export const rulesOf = ({ policy }: AuditRecord, reasonOf: ReasonOf): Facts =>
  policy && policy.rule_ids.length > 0 ? { rules: policy.rule_ids.map(reasonOf) } : {};

/** The step of a record, in whichever round: `decide#1`, `decide#1.2`. */
export const stepOf = ({ step }: AuditRecord): string => step.replace(/#\d+(?:\.\d+)?$/, '');
export const statusOf = ({ result, policy }: AuditRecord): string => result?.status ?? policy?.decision ?? 'nothing';
export const plain = (word: string): string => word.replaceAll('-', ' ');
export const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
export const some = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`;

/** `jira.assign (jira:write) with component "Network"`: redacted values, as the record has them. */
export const actionOf = ({ tool, args_redacted }: Pick<AuditRecord, 'tool' | 'args_redacted'>): string => {
  const args = Object.entries(args_redacted ?? {})
    .sort(([a], [b]) => (a < b ? -1 : 1)) // a table gives members in any order
    .map(([name, value]) => `${name} ${JSON.stringify(value)}`);
  return `${tool ? `${tool.name} (${tool.scope})` : 'an action'}${args.length > 0 ? ` with ${args.join(', ')}` : ''}`;
};

/** Of an answer that was not given now. */
const keptFrom = (at: string | undefined): string =>
  at === undefined ? '' : `, the answer to the same question kept from ${at}`;

export const engineOf = ({ model, answer }: AuditRecord): string => {
  const name = model?.name ?? 'an engine that the record does not name';
  const kept = keptFrom(model?.cached_at);
  if (answer === undefined) return `${name}${kept}`;
  const sure = `confidence ${percent(answer.confidence)}`;
  return `${name}, ${answer.abstained ? `which abstained (${sure})` : sure}${kept}`;
};

export const pick = <
  Key extends 'model' | 'answer' | 'tool' | 'provenance' | 'limits' | 'writ' | 'claim' | 'mode' | 'sources',
>(
  record: AuditRecord,
  ...keys: readonly Key[]
): Facts => Object.fromEntries(keys.flatMap((key) => (record[key] === undefined ? [] : [[key, record[key]]])));

/** A sentence for each action of which nobody knows whether it took effect: which, since when, and where to look. */
export const doubtsOf = ({ doubts = [] }: AuditRecord): readonly string[] =>
  doubts.map(
    ({ action, tool: name, scope, seen_by: seenBy, args_redacted, marker, claim, since, lease_until: until }) => {
      const what = actionOf({ tool: { name, scope, dry_run: false }, args_redacted });
      const where = seenBy === undefined ? 'Look in the system' : `Look at what ${seenBy} shows`;
      if (claim === 'unclaimed')
        return `Nobody knows whether action ${action} takes effect: ${what}, authorised and not begun when the execution had ended at ${since}, and able to be begun as ${marker} until ${until}. ${where}.`;
      return `Nobody knows whether action ${action} took effect: ${what}, begun at ${since} as ${marker}, and able to arrive until ${until}. ${where}.`;
    }
  );

// as a cascade whose engines cost something is recorded; a record of another shape is passed over
const Stages = z.array(
  z.looseObject({
    engine: z.string(),
    state: z.string(),
    confidence: z.number().optional(),
    cached_at: z.string().optional(),
    at_most_microusd: z.number().optional(),
  })
);

/** Engines that abstained before another answered, and those that were spared. */
export const stagesOf = (record: AuditRecord): string => {
  const stages = 'stages' in record ? (Stages.safeParse(record.stages).data ?? []) : [];
  return stages
    .flatMap(({ engine, state, confidence, cached_at: keptAt, at_most_microusd: most }) => {
      if (state === 'abstained' && engine !== record.model?.name)
        return ` ${engine} had abstained${confidence === undefined ? '' : ` (confidence ${percent(confidence)})`}${keptFrom(keptAt)}.`;
      if (state === 'not-asked')
        return ` ${engine} was not asked${most === undefined ? '' : `, at most ${most} micro-dollars`}.`;
      return [];
    })
    .join('');
};
