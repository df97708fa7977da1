import { describe, expect, it } from 'vitest';
import { rulesEngine, TextRule } from '../../../lambdas/core/engine/rules.ts';

const rules: readonly TextRule[] = [
  { id: 'SAYS_LEAVE', label: 'HR', anyOf: ['day off', 'parental leave'] },
  { id: 'SAYS_VPN', label: 'Network', anyOf: ['vpn', "can't connect", 'wi-fi'] },
  { id: 'SAYS_OFF', label: 'Hardware', anyOf: ['off'] },
];
const engine = rulesEngine('words', rules);
const labels = ['HR', 'Network', 'Hardware'];
const ask = (text: string, among = labels) => engine.answer({ text, labels: among });

describe('the rules engine', () => {
  it.each([
    ['I need a day off', 'HR', 'SAYS_LEAVE'],
    ['DAY\n\tOFF!', 'HR', 'SAYS_LEAVE'],
    ['day, off', 'HR', 'SAYS_LEAVE'],
    ['The VPN', 'Network', 'SAYS_VPN'],
    ["Can't connect", 'Network', 'SAYS_VPN'],
    ['(wi-fi)', 'Network', 'SAYS_VPN'],
    ['switched off', 'Hardware', 'SAYS_OFF'],
  ])('answers %j with %s by %s', async (text, label, rule) => {
    expect(await ask(text)).toEqual({ label, confidence: 1, abstained: false, engine: engine.id, rule });
  });

  it.each(['vpns', 'daily offer', 'off-site', '', '🔥', '\ud800', 'holiday offer'])(
    'abstains from %j',
    async (text) => {
      expect(await ask(text)).toEqual({ label: undefined, confidence: 0, abstained: true, engine: engine.id });
    }
  );

  it('lets the first of several rules decide', async () => {
    expect(await ask('vpn on my day off')).toMatchObject({ rule: 'SAYS_LEAVE' });
  });

  it('passes over rules whose label is not asked for', async () => {
    expect(await ask('vpn on my day off', ['Network'])).toMatchObject({ rule: 'SAYS_VPN' });
    expect(await ask('vpn', ['HR'])).toMatchObject({ abstained: true });
  });

  it('has another version where its rules differ', () => {
    expect(rulesEngine('words', [...rules]).id).toEqual(engine.id);
    expect(rulesEngine('words', rules.slice(1)).id.version).not.toBe(engine.id.version);
  });

  it.each(['Day off', ' vpn', 'vpn ', 'a  b', 'c++', ''])('does not take %j for a phrase', (phrase) => {
    expect(TextRule.safeParse({ id: 'SOME_RULE', label: 'HR', anyOf: [phrase] }).success).toBe(false);
  });
});
