import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { RuleId } from '../names.ts';
import { ApproverRole, type Asked, type Need, strictest } from './approval.ts';

/** What a policy may look at: closed names, plain values. See `factsOf` for which there are. */
export type Facts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

const Fact = z.string().regex(/^[a-zA-Z]+(\.[a-zA-Z]+)?$/);
const Condition = z.union([
  z.strictObject({ fact: Fact, is: z.union([z.string(), z.number(), z.boolean()]) }),
  z.strictObject({ fact: Fact, in: z.array(z.string()).min(1) }),
  z.strictObject({ fact: Fact, notIn: z.array(z.string()).min(1) }),
  z.strictObject({ fact: Fact, has: z.string() }),
  z.strictObject({ fact: Fact, atLeast: z.number() }),
  z.strictObject({ fact: Fact, below: z.number() }),
]);
type Condition = z.infer<typeof Condition>;

const shared = {
  id: RuleId,
  /** Why the rule exists, for whoever asks later. */
  because: z.string(),
  /** All must hold. */
  when: z.array(Condition).min(1),
};
export const PolicyRule = z.discriminatedUnion('effect', [
  /** `forbid` wins over `escalate`, which hands the action to a person and wins over `ask`, which wins over `permit`. */
  z.strictObject({ ...shared, effect: z.enum(['permit', 'escalate', 'forbid']) }),
  /**
   * What is permitted besides, waits until so many distinct people of the role have approved it, and others for what is asked of
   * another role. Permits nothing by itself.
   */
  z.strictObject({
    ...shared,
    effect: z.literal('ask'),
    approvers: z.int().min(1).max(10).optional(),
    role: ApproverRole.optional(),
  }),
]);
export type PolicyRule = z.infer<typeof PolicyRule>;

/** A decision and the rules that made it. */
export type Ruling =
  | { readonly decision: 'permit' | 'escalate' | 'forbid'; readonly rules: readonly string[] }
  /** Permitted by `rules`, if people approve it. */
  | { readonly decision: 'ask'; readonly rules: readonly string[]; readonly asked: Asked };

/** Judges one action by its facts. Pure: the same facts have the same ruling under the same version. */
export interface Policy {
  /** Digest of the rules. */
  readonly version: string;
  judge(facts: Facts): Ruling;
}

/** The rule named where no rule permits. */
export const DEFAULT_DENY = 'DEFAULT_DENY';
/** The rule named where a rule asks for a fact that is absent: what is not known is not permitted. */
export const FACT_MISSING = 'FACT_MISSING';

const holds = (condition: Condition, value: Facts[string]): boolean => {
  if ('is' in condition) return value === condition.is;
  if ('in' in condition) return typeof value === 'string' && condition.in.includes(value);
  if ('notIn' in condition) return !(typeof value === 'string' && condition.notIn.includes(value));
  if ('has' in condition) return Array.isArray(value) && value.includes(condition.has);
  if ('atLeast' in condition) return typeof value === 'number' && value >= condition.atLeast;
  return typeof value === 'number' && value < condition.below;
};

const needOf = (rule: PolicyRule): readonly Need[] =>
  rule.effect === 'ask' ? [{ role: rule.role ?? 'approver', approvers: rule.approvers ?? 1 }] : [];

/** A policy from rules as data. Default deny; a fact that any rule names and nobody knows forbids. */
export const rulesPolicy = (rules: readonly PolicyRule[]): Policy => {
  const named = new Set(rules.flatMap(({ when }) => when.map(({ fact }) => fact)));
  return {
    version: digestOf(rules),
    judge(facts) {
      if ([...named].some((fact) => facts[fact] === undefined)) return { decision: 'forbid', rules: [FACT_MISSING] };
      const matching = rules.filter(({ when }) =>
        when.every((condition) => {
          const value = facts[condition.fact];
          return value !== undefined && holds(condition, value);
        })
      );
      const by = (wanted: PolicyRule['effect']): readonly string[] =>
        matching.filter(({ effect }) => effect === wanted).map(({ id }) => id);
      const permits = by('permit');
      for (const decision of ['forbid', 'escalate'] as const)
        if (by(decision).length > 0) return { decision, rules: by(decision) };
      if (permits.length === 0) return { decision: 'forbid', rules: [DEFAULT_DENY] };
      const needs = matching.flatMap(needOf);
      return needs.length === 0
        ? { decision: 'permit', rules: permits }
        : { decision: 'ask', rules: permits, asked: { rules: by('ask'), needs: strictest(needs) } };
    },
  };
};
