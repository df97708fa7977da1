import * as z from 'zod';
import { digestOf } from '../digest.ts';
import { RuleId } from '../names.ts';

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

export const PolicyRule = z.strictObject({
  id: RuleId,
  /** `forbid` wins over `escalate`, which hands the action to a person and wins over `permit`. */
  effect: z.enum(['permit', 'escalate', 'forbid']),
  /** Why the rule exists, for whoever asks later. */
  because: z.string(),
  /** All must hold. */
  when: z.array(Condition).min(1),
});
export type PolicyRule = z.infer<typeof PolicyRule>;

/** A decision and the rules that made it. */
export interface Ruling {
  readonly decision: 'permit' | 'escalate' | 'forbid';
  readonly rules: readonly string[];
}

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
      for (const decision of ['forbid', 'escalate', 'permit'] as const) {
        const deciding = matching.filter(({ effect }) => effect === decision).map(({ id }) => id);
        if (deciding.length > 0) return { decision, rules: deciding };
      }
      return { decision: 'forbid', rules: [DEFAULT_DENY] };
    },
  };
};
