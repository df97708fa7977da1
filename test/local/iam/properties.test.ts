import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { clauseOf } from '../../../local/iam/condition.ts';
import { contextOf } from '../../../local/iam/context.ts';
import { type Decision, decide } from '../../../local/iam/decide.ts';
import { policyOf } from '../../../local/iam/document.ts';
import { partsOf, patternOf } from '../../../local/iam/pattern.ts';
import type { JsonObject } from '../../../local/template/json.ts';
import { ROLE, SESSION } from './cases/case.ts';

const NOTHING = contextOf({});

const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const condition = fc.record({
  operator: oneOf(
    'StringEquals',
    'StringNotEquals',
    'StringLikeIfExists',
    'ForAllValues:StringLike',
    'ForAnyValue:StringNotEquals',
    'Null',
    'StringMatches'
  ),
  key: oneOf('aws:TagKeys', 'aws:PrincipalTag/tenant'),
  values: fc.array(oneOf('a', 'b', 'a*', 'true', 'false'), { minLength: 1, maxLength: 3 }),
});

const statement = (effect: fc.Arbitrary<'Allow' | 'Deny'>): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      Effect: effect,
      actions: fc.record({ name: oneOf('Action', 'NotAction'), value: oneOf('*', 's3:Get*', 's3:PutObject', 'a:b') }),
      resources: fc.record({
        name: oneOf('Resource', 'NotResource'),
        value: oneOf('*', 'arn:aws:s3:::one/*', 'arn:aws:s3:::two/x'),
      }),
      condition: fc.option(condition, { nil: undefined }),
    })
    .map(({ Effect, actions, resources, condition: held }) => ({
      Effect,
      [actions.name]: actions.value,
      [resources.name]: resources.value,
      ...(held && { Condition: { [held.operator]: { [held.key]: held.values } } }),
    }));

const either = statement(oneOf('Allow', 'Deny'));
const documents = fc.array(fc.array(either, { minLength: 1, maxLength: 4 }), { maxLength: 3 });
const question = fc.record({
  action: oneOf('s3:GetObject', 's3:PutObject', 'a:b', 'a:c'),
  resource: oneOf('arn:aws:s3:::one/x', 'arn:aws:s3:::two/x', '*'),
  tags: fc.option(fc.array(oneOf('a', 'b', 'ab', '')), { nil: undefined }),
  tenant: fc.option(oneOf('a', 'b', ''), { nil: undefined }),
});

const judge = (
  {
    action,
    resource,
    tags,
    tenant,
  }: { action: string; resource: string; tags?: string[] | undefined; tenant?: string | undefined },
  policies: readonly (readonly JsonObject[])[],
  boundary?: readonly JsonObject[]
): Decision => {
  const compiled = (statements: readonly JsonObject[], name: string) =>
    policyOf({ Version: '2012-10-17', Statement: statements }, name, 'identity');
  return decide(
    {
      principal: { kind: 'role', account: '111122223333', roleArn: ROLE, sessionArn: SESSION },
      action,
      resource,
      context: contextOf({ 'aws:TagKeys': tags, 'aws:PrincipalTag/tenant': tenant }),
    },
    {
      identity: policies.map((statements, index) => compiled(statements, `policy ${index}`)),
      boundary: boundary && compiled(boundary, 'boundary'),
      session: undefined,
      resource: undefined,
    }
  );
};

const isAllowed = (decision: Decision): boolean => decision.kind === 'allowed';

describe('decisions', () => {
  it('are an explicit deny wherever a Deny applies', () => {
    const everything = { Sid: 'All', Effect: 'Deny', Action: '*', Resource: '*' };
    fc.assert(
      fc.property(question, documents, (asked, given) => {
        expect(judge(asked, [...given, [everything]]).kind).toBe('explicit-deny');
      })
    );
  });

  it('never lose an allow to another Allow', () => {
    fc.assert(
      fc.property(question, documents, statement(oneOf('Allow')), (asked, given, more) => {
        if (isAllowed(judge(asked, given))) expect(isAllowed(judge(asked, [...given, [more]]))).toBe(true);
      })
    );
  });

  it('never gain an allow by another Deny', () => {
    fc.assert(
      fc.property(question, documents, statement(oneOf('Deny')), (asked, given, more) => {
        if (!isAllowed(judge(asked, given))) expect(isAllowed(judge(asked, [...given, [more]]))).toBe(false);
      })
    );
  });

  it('are the same in any order of policies and statements', () => {
    fc.assert(
      fc.property(question, documents, (asked, given) => {
        const turned = given.map((statements) => statements.toReversed()).reverse();
        expect(judge(asked, turned).kind).toBe(judge(asked, given).kind);
      })
    );
  });

  it('are never wider within a boundary', () => {
    fc.assert(
      fc.property(question, documents, fc.array(either, { minLength: 1, maxLength: 3 }), (asked, given, boundary) => {
        if (isAllowed(judge(asked, given, boundary))) expect(isAllowed(judge(asked, given))).toBe(true);
      })
    );
  });
});

/** The rules of wildcards, as plainly as they can be said. */
const globs = (pattern: string, text: string): boolean => {
  const [head, rest] = [pattern[0], pattern.slice(1)];
  if (head === undefined) return text === '';
  if (head === '*') return globs(rest, text) || (text !== '' && globs(pattern, text.slice(1)));
  return text !== '' && (head === '?' || head === text[0]) && globs(rest, text.slice(1));
};

/** What is left of a resource's pattern behind so many colons, and of the text. */
const matchesRest = (pattern: string, text: string, colons: number): boolean => {
  const [head, rest] = [pattern[0], pattern.slice(1)];
  if (head === undefined) return text === '';
  if (head === '*') {
    const after = pattern.replace(/^\*+/, '');
    const beyond = colons >= 3 && (after === '' || after.startsWith(':'));
    const next = text !== '' && (beyond || text[0] !== ':') && matchesRest(pattern, text.slice(1), colons);
    return next || matchesRest(rest, text, colons);
  }
  if (text === '') return false;
  const isOne = head === '?' ? text[0] !== ':' : head === text[0];
  return isOne && matchesRest(rest, text.slice(1), head === ':' ? colons + 1 : colons);
};

/**
 * The same inside the segments of an ARN: a run of `*` goes beyond a colon only behind the third colon of the pattern, and where a
 * colon or the end follows it. `*` alone is everything.
 */
const matchesResource = (pattern: string, text: string): boolean =>
  /^\*+$/.test(pattern) || matchesRest(pattern, text, 0);

describe('wildcards', () => {
  const pattern = fc
    .array(oneOf('a', 'b', ':', ':', '*', '?', '.', '$'), { maxLength: 10 })
    .map((list) => list.join(''));
  const text = fc.array(oneOf('a', 'b', ':', ':', '.', '*', '$'), { maxLength: 10 }).map((list) => list.join(''));

  it.each([
    ['glob', globs],
    ['resource', matchesResource],
  ] as const)('of a %s match what the plain rules match', (style, reference) => {
    fc.assert(
      fc.property(pattern, text, (given, value) => {
        expect(patternOf(partsOf(given, style, true), style)(value, NOTHING)).toBe(reference(given, value));
      }),
      { numRuns: 4_000 }
    );
  });

  // a matcher that tries all combinations would not come back
  it.each(['glob', 'resource'] as const)('of a %s may be many', (style) => {
    const many = patternOf(partsOf(`arn:aws:s3:::b/${'*a'.repeat(200)}b`, style, true), style);
    expect(many(`arn:aws:s3:::b/${'a'.repeat(1000)}`, NOTHING)).toBe(false);
    expect(many(`arn:aws:s3:::b/${'a'.repeat(1000)}b`, NOTHING)).toBe(true);
  });

  it('in the value of a variable are text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (tag, other) => {
        const parts = partsOf(`x-${'$'}{aws:PrincipalTag/tenant}`, 'glob', true);
        const context = contextOf({ 'aws:PrincipalTag/tenant': tag });
        expect(patternOf(parts, 'glob')(`x-${tag}`, context)).toBe(true);
        expect(patternOf(parts, 'glob')(`x-${other}`, context)).toBe(tag === other);
      })
    );
  });
});

describe('conditions', () => {
  const values = fc.array(oneOf('a', 'b', 'ab', 'c'), { minLength: 1, maxLength: 3 });
  const request = fc.array(oneOf('a', 'b', 'ab', 'd'), { minLength: 1, maxLength: 3 });
  const outcome = (operator: string, wanted: readonly string[], given: string | readonly string[]) =>
    clauseOf(operator, 'k', wanted, true).outcome(contextOf({ k: given }));

  it.each([
    ['StringLike', 'StringNotLike'],
    ['StringEquals', 'StringNotEquals'],
  ])('hold for all values of %s where no value is one of %s, and the other way round', (operator, negated) => {
    fc.assert(
      fc.property(values, request, (wanted, given) => {
        const all = outcome(`ForAllValues:${operator}`, wanted, given);
        const any = outcome(`ForAnyValue:${negated}`, wanted, given);
        expect(all === 'met').toBe(any === 'not-met');
      })
    );
  });

  it('are the opposite of their negation, where the key is there', () => {
    fc.assert(
      fc.property(values, oneOf('a', 'b', 'd'), (wanted, given) => {
        expect(outcome('StringEquals', wanted, given) === 'met').toBe(
          outcome('StringNotEquals', wanted, given) === 'not-met'
        );
      })
    );
  });
});
