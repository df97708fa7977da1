import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';
import { rulesEngine, TextRule } from '../../lambdas/core/engine/rules.ts';
import { NOT_ELIGIBLE } from '../../lambdas/core/steps/route.ts';
import { eligibilityRules } from '../../statemachines/ticket-triage/eligibility-rules.ts';

/** What the workflow calls everything that is a ticket. */
const ELIGIBLE = 'eligible';
const QUEUES = ['Access', 'Hardware', 'Software', 'Network', 'Email', 'Purchasing', 'HR Support', 'Storage'] as const;
const SIMILAR = 0.6;

const Text = z
  .string()
  .min(1)
  .max(16_000)
  .refine((text) => text.trim() === text, 'no space at either end');
const ExampleRow = z.strictObject({ text: Text, label: z.enum([...QUEUES, NOT_ELIGIBLE]) });
const DemoTicket = z.strictObject({
  id: z.string().regex(/^T-\d{2}$/),
  subject: Text.max(255),
  body: Text,
  queue: z.enum(QUEUES).optional(),
  expected: z.enum(['assigned', 'escalated', 'asked', 'not-eligible', 'refused']),
  issueKey: z.null().optional(),
  reply: z.literal(true).optional(),
  status: z.literal('Done').optional(),
  hostile: z.literal(true).optional(),
});

const rowsOf = <Row>(schema: z.ZodType<Row>, ...path: readonly string[]): readonly Row[] =>
  readFileSync(join(import.meta.dirname, '../..', ...path), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => schema.parse(JSON.parse(line)));

const examples = rowsOf(ExampleRow, 'statemachines/ticket-triage/examples.jsonl');
const tickets = rowsOf(DemoTicket, 'cli/demo/tickets.jsonl');
const textOf = ({ subject, body }: z.infer<typeof DemoTicket>): string => `${subject}\n${body}`;

const wordsOf = (text: string): ReadonlySet<string> => new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu));

/** The share of words that two texts have in common. */
const likeness = (a: ReadonlySet<string>, b: ReadonlySet<string>): number => {
  const shared = [...a].filter((word) => b.has(word)).length;
  return shared / (a.size + b.size - shared);
};

const similarPairs = (texts: readonly string[]): readonly string[] => {
  const words = texts.map(wordsOf);
  return words.flatMap((a, at) =>
    words.slice(0, at).flatMap((b, other) => (likeness(a, b) >= SIMILAR ? [`${texts[at]} | ${texts[other]}`] : []))
  );
};

const gate = rulesEngine('eligibility', eligibilityRules);
const ask = (text: string) => gate.answer({ text, labels: [ELIGIBLE, NOT_ELIGIBLE] });

describe('the content of ticket triage', () => {
  it.each(QUEUES)('has at least 55 examples of %s', (queue) => {
    expect(examples.filter(({ label }) => label === queue).length).toBeGreaterThanOrEqual(55);
  });

  it('has no queue with twice the examples of another, and at least 80 texts that are no tickets', () => {
    const counts = QUEUES.map((queue) => examples.filter(({ label }) => label === queue).length);
    expect(Math.max(...counts)).toBeLessThan(2 * Math.min(...counts));
    expect(examples.filter(({ label }) => label === NOT_ELIGIBLE).length).toBeGreaterThanOrEqual(80);
  });

  it('says nothing twice: neither among examples and demo tickets, nor across them', () => {
    expect(similarPairs([...examples.map(({ text }) => text), ...tickets.map(textOf)])).toEqual([]);
  });

  it('names no address outside the domains kept for examples', () => {
    const everything = [...examples.map(({ text }) => text), ...tickets.map(textOf)].join('\n');
    const hosts = [...everything.matchAll(/(?:@|:\/\/)((?:[\w-]+\.)+[a-z]{2,})/g)].map(([, host]) => host);

    expect(hosts.length).toBeGreaterThan(0);
    expect(hosts.filter((host) => !/(?:^|\.)example\.(?:com|org|net)$/.test(host ?? ''))).toEqual([]);
  });
});

describe('the demo batch', () => {
  it('has 48 tickets with ids in order', () => {
    expect(tickets.map(({ id }) => id)).toEqual(
      Array.from({ length: 48 }, (_, at) => `T-${String(at + 1).padStart(2, '0')}`)
    );
  });

  it('shows every outcome', () => {
    const counts = Object.groupBy(tickets, ({ expected }) => expected);
    expect(Object.fromEntries(Object.entries(counts).map(([outcome, rows]) => [outcome, rows.length]))).toEqual({
      assigned: 33,
      refused: 2,
      escalated: 6,
      'not-eligible': 5,
      asked: 2,
    });
  });

  it('names a queue exactly where one can be right', () => {
    const hasOne = (expected: string) => expected === 'assigned' || expected === 'refused';
    expect(tickets.filter(({ expected, queue }) => hasOne(expected) !== (queue !== undefined))).toEqual([]);
    expect(new Set(tickets.map(({ queue }) => queue).filter((queue) => queue !== undefined))).toEqual(new Set(QUEUES));
  });

  it('has five submitters who forget the issue key, of whom three answer', () => {
    const forgotten = tickets.filter(({ issueKey }) => issueKey === null);
    expect(forgotten.map(({ reply, expected }) => [reply ?? false, expected])).toEqual([
      [true, 'assigned'],
      [true, 'assigned'],
      [true, 'assigned'],
      [false, 'asked'],
      [false, 'asked'],
    ]);
    expect(tickets.filter(({ reply, issueKey }) => reply && issueKey !== null)).toEqual([]);
  });

  it('has two issues closed already, which are refused, and two hostile tickets about an honest trouble', () => {
    expect(tickets.filter(({ status }) => status).map(({ expected }) => expected)).toEqual(['refused', 'refused']);
    expect(tickets.filter(({ hostile }) => hostile).map(({ queue }) => queue)).toEqual(['Email', 'Hardware']);
  });
});

describe('the rules at the gate', () => {
  it('are valid, with ids of their own and labels that the gate knows', () => {
    expect(eligibilityRules.map((rule) => TextRule.parse(rule))).toEqual(eligibilityRules);
    expect(new Set(eligibilityRules.map(({ id }) => id)).size).toBe(eligibilityRules.length);
    expect(eligibilityRules.filter(({ label }) => label !== ELIGIBLE && label !== NOT_ELIGIBLE)).toEqual([]);
  });

  it('turn no example of a queue away, and let none through that is no ticket', async () => {
    const answered = await Promise.all(
      examples.map(async ({ text, label }) => ({ text, label, answer: (await ask(text)).label }))
    );
    const wrong = answered.filter(
      ({ label, answer }) => answer !== undefined && (answer === NOT_ELIGIBLE) !== (label === NOT_ELIGIBLE)
    );

    expect(wrong).toEqual([]);
    expect(answered.filter(({ answer }) => answer === NOT_ELIGIBLE).length).toBeGreaterThanOrEqual(5);
  });

  it('turn away of the demo batch only what is no ticket', async () => {
    const answers = await Promise.all(
      tickets.map(async (ticket) => ({ ...ticket, answer: (await ask(textOf(ticket))).label }))
    );
    const turnedAway = answers.filter(({ answer }) => answer === NOT_ELIGIBLE);

    expect(turnedAway.length).toBeGreaterThan(0);
    expect(turnedAway.filter(({ expected }) => expected !== 'not-eligible')).toEqual([]);
  });

  it.each([
    ['SUSPICIOUS_MAIL_REPORT', 'Phishing? "Limited time offer, claim your prize, click here to unsubscribe" it said.'],
    ['NEWSLETTER_OR_AD', 'Limited-time   OFFER!\nTwo for the price of one.'],
    ['OUT_OF_OFFICE_REPLY', 'Thank you for your message. I am out of the office this week.'],
    ['PRIZE_OR_INHERITANCE', 'Dear friend, YOU HAVE INHERITED a castle.'],
  ])('%s answers what it is for', async (rule, text) => {
    expect((await ask(text)).rule).toBe(rule);
  });

  it.each([
    'How do I unsubscribe from the internal list?',
    'I am out of the office until Monday, and the VPN does not connect from the hotel.',
    'My out-of-office reply is still on.',
    'Please block the newsletter of our old supplier.',
    'The vendor made us an offer for a limited time, please order today.',
  ])('leave to the classifier: %s', async (text) => {
    expect((await ask(text)).abstained).toBe(true);
  });
});
