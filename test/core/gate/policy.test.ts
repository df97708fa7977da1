import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEFAULT_DENY, FACT_MISSING, PolicyRule, rulesPolicy } from '../../../lambdas/core/gate/policy.ts';

const FACTS = ['action.tool', 'args.queue', 'plan.confidence', 'user.roles'] as const;
const value = fc.oneof(
  fc.constantFrom('a', 'b'),
  fc.double({ min: 0, max: 1, noNaN: true }),
  fc.boolean(),
  fc.array(fc.constantFrom('a', 'b'), { maxLength: 2 })
);
const facts = fc.record(Object.fromEntries(FACTS.map((fact) => [fact, value])));
const condition = fc.oneof(
  fc.record({ fact: fc.constantFrom(...FACTS), is: fc.constantFrom('a', 'b') }),
  fc.record({ fact: fc.constantFrom(...FACTS), in: fc.constantFrom(['a'], ['a', 'b']) }),
  fc.record({ fact: fc.constantFrom(...FACTS), notIn: fc.constantFrom(['a'], ['a', 'b']) }),
  fc.record({ fact: fc.constantFrom(...FACTS), has: fc.constantFrom('a', 'b') }),
  fc.record({ fact: fc.constantFrom(...FACTS), atLeast: fc.double({ min: 0, max: 1, noNaN: true }) }),
  fc.record({ fact: fc.constantFrom(...FACTS), below: fc.double({ min: 0, max: 1, noNaN: true }) })
);
const rules = fc
  .array(
    fc.record({
      effect: fc.constantFrom('permit' as const, 'ask' as const, 'escalate' as const, 'forbid' as const),
      because: fc.constant('a test'),
      when: fc.array(condition, { minLength: 1, maxLength: 3 }),
    }),
    { maxLength: 6 }
  )
  .map((made) => made.map((rule, index) => PolicyRule.parse({ id: `RULE_${index}`, ...rule })));

describe('a policy of rules', () => {
  it('permits nothing by default', () => {
    expect(rulesPolicy([]).judge({ 'action.tool': 'jira.assign' })).toEqual({
      decision: 'forbid',
      rules: [DEFAULT_DENY],
    });
  });

  it('always names the rules that decided, all of the deciding effect', () => {
    fc.assert(
      fc.property(rules, facts, (some, known) => {
        const { decision, rules: named } = rulesPolicy(some).judge(known);
        expect(named.length).toBeGreaterThan(0);
        const effect = decision === 'ask' ? 'permit' : decision; // what asks permits nothing by itself
        if (named[0] === DEFAULT_DENY) expect(decision).toBe('forbid');
        else for (const id of named) expect(some.find((rule) => rule.id === id)?.effect).toBe(effect);
      })
    );
  });

  it('never becomes more permissive by a rule that forbids', () => {
    const rank = { forbid: 0, escalate: 1, ask: 2, permit: 3 };
    fc.assert(
      fc.property(rules, facts, (some, known) => {
        const without = some.filter(({ effect }) => effect !== 'forbid');
        const [all, fewer] = [rulesPolicy(some).judge(known), rulesPolicy(without).judge(known)];
        expect(rank[all.decision]).toBeLessThanOrEqual(rank[fewer.decision]);
      })
    );
  });

  it('never becomes more permissive by a rule that asks', () => {
    fc.assert(
      fc.property(rules, facts, (some, known) => {
        const without = some.filter(({ effect }) => effect !== 'ask');
        const [all, fewer] = [rulesPolicy(some).judge(known), rulesPolicy(without).judge(known)];
        expect([fewer.decision, fewer.decision === 'permit' ? 'ask' : FACT_MISSING, 'forbid']).toContain(all.decision);
        if (all.decision !== 'forbid' || all.rules[0] !== FACT_MISSING) expect(all.rules).toEqual(fewer.rules);
      })
    );
  });

  it.each([
    ['nobody says how many', [{}], [{ role: 'approver', approvers: 1 }]],
    ['several ask of one role', [{ approvers: 2 }, {}, { approvers: 3 }], [{ role: 'approver', approvers: 3 }]],
    [
      'several ask of several roles',
      [{ approvers: 2 }, { role: 'operator' as const }],
      [
        { role: 'approver', approvers: 2 },
        { role: 'operator', approvers: 1 },
      ],
    ],
  ])('asks for the strictest of all that ask, where %s', (_, asks, needs) => {
    const when = [{ fact: 'args.a', is: 'b' }];
    const permit = { id: 'MAY', effect: 'permit' as const, because: 'x', when };
    const made = asks.map((ask, at) => ({ id: `ASK_${at}`, effect: 'ask' as const, because: 'x', when, ...ask }));
    expect(rulesPolicy([...made, permit]).judge({ 'args.a': 'b' })).toEqual({
      decision: 'ask',
      rules: ['MAY'],
      asked: { rules: made.map(({ id }) => id), needs },
    });
  });

  it('permits nothing by a rule that asks alone', () => {
    const ask = { id: 'ASK', effect: 'ask' as const, because: 'x', when: [{ fact: 'args.a', is: 'b' }] };
    expect(rulesPolicy([ask]).judge({ 'args.a': 'b' })).toEqual({ decision: 'forbid', rules: [DEFAULT_DENY] });
  });

  it.each([
    { effect: 'permit', approvers: 2 },
    { effect: 'ask', approvers: 0 },
    { effect: 'ask', role: 'submitter' },
  ])('knows no rule such as %j', (about) => {
    const when = [{ fact: 'args.a', is: 'b' }];
    expect(PolicyRule.safeParse({ id: 'A_RULE', because: 'x', when, ...about }).success).toBe(false);
  });

  it('does not depend on the order of the rules', () => {
    fc.assert(
      fc.property(rules, facts, (some, known) => {
        const [one, other] = [rulesPolicy(some).judge(known), rulesPolicy(some.toReversed()).judge(known)];
        expect(other.decision).toBe(one.decision);
        expect([...other.rules].sort()).toEqual([...one.rules].sort());
      })
    );
  });

  it('forbids where a fact that any rule names is not known', () => {
    fc.assert(
      fc.property(rules, facts, fc.constantFrom(...FACTS), (some, known, gone) => {
        fc.pre(some.some(({ when }) => when.some(({ fact }) => fact === gone)));
        const { [gone]: _, ...rest } = known;
        expect(rulesPolicy(some).judge(rest)).toEqual({ decision: 'forbid', rules: [FACT_MISSING] });
      })
    );
  });

  it('has a version that changes with any rule', () => {
    const rule = PolicyRule.parse({
      id: 'ONE_RULE',
      effect: 'permit',
      because: 'x',
      when: [{ fact: 'args.a', is: 'b' }],
    });
    expect(rulesPolicy([rule]).version).not.toBe(rulesPolicy([{ ...rule, effect: 'forbid' }]).version);
  });

  type Condition = PolicyRule['when'][number];
  const met: readonly (readonly [Omit<Condition, 'fact'>, string | number | boolean | readonly string[], boolean])[] = [
    [{ is: 'a' }, 'a', true],
    [{ is: 'a' }, 'b', false],
    [{ is: 1 }, '1', false],
    [{ is: true }, true, true],
    [{ in: ['a', 'b'] }, 'b', true],
    [{ in: ['a', 'b'] }, 'c', false],
    [{ in: ['a'] }, ['a'], false],
    [{ notIn: ['a', 'b'] }, 'b', false],
    [{ notIn: ['a', 'b'] }, 'c', true],
    [{ notIn: ['a'] }, ['a'], true],
    [{ has: 'a' }, ['b', 'a'], true],
    [{ has: 'a' }, ['b'], false],
    [{ has: 'a' }, 'a', false],
    [{ atLeast: 0.5 }, 0.5, true],
    [{ atLeast: 0.5 }, 0.51, true],
    [{ atLeast: 0.5 }, 0.49, false],
    [{ atLeast: 0.5 }, '0.6', false],
    [{ below: 0.5 }, 0.49, true],
    [{ below: 0.5 }, 0.5, false],
    [{ below: 0.5 }, '0.4', false],
  ];
  it.each(met)('%j of %j: %s', (condition, known, holds) => {
    const rule = PolicyRule.parse({
      id: 'ONE_RULE',
      effect: 'permit',
      because: 'x',
      when: [{ fact: 'args.a', ...condition }],
    });
    const permitted = { decision: 'permit', rules: ['ONE_RULE'] };
    expect(rulesPolicy([rule]).judge({ 'args.a': known })).toEqual(
      holds ? permitted : { decision: 'forbid', rules: [DEFAULT_DENY] }
    );
  });

  it('asks for every condition of a rule, and lets forbid win over escalate, and escalate over permit', () => {
    const rule = (id: string, effect: PolicyRule['effect'], ...queues: readonly string[]) =>
      PolicyRule.parse({ id, effect, because: 'x', when: queues.map((is) => ({ fact: 'args.queue', is })) });
    const judged = (...some: readonly PolicyRule[]) => rulesPolicy(some).judge({ 'args.queue': 'a' });
    const [yes, ask, no] = [
      rule('SAYS_YES', 'permit', 'a'),
      rule('SAYS_ASK', 'escalate', 'a'),
      rule('SAYS_NO', 'forbid', 'a'),
    ];

    expect(judged(rule('ASKS_BOTH', 'permit', 'a', 'b'))).toEqual({ decision: 'forbid', rules: [DEFAULT_DENY] });
    expect(judged(yes, ask, no)).toEqual({ decision: 'forbid', rules: ['SAYS_NO'] });
    expect(judged(yes, ask)).toEqual({ decision: 'escalate', rules: ['SAYS_ASK'] });
    expect(judged(yes, rule('YES_TOO', 'permit', 'a'))).toEqual({ decision: 'permit', rules: ['SAYS_YES', 'YES_TOO'] });
  });
});
