import { usage } from './failure.ts';
import { clean } from './terminal/sanitise.ts';

const NAME = '[a-z0-9][a-z0-9-]{0,39}';
const OF_NAME = '1 to 40 of a-z, 0-9 and "-", not beginning with "-"';

/** What the API takes for a name or an id: whatever is none is not sent. */
const KINDS = {
  run: { pattern: /^[a-z2-7]{26}$/, expected: 'the id of a run: 26 characters of a-z and 2-7' },
  tenant: { pattern: new RegExp(`^${NAME}$`), expected: `the name of a tenant: ${OF_NAME}` },
  workflow: { pattern: new RegExp(`^${NAME}$`), expected: `the name of a workflow: ${OF_NAME}` },
  scope: {
    pattern: new RegExp(`^${NAME}:${NAME}$`),
    expected: `the name of a scope: two names joined by ":", such as jira:write, each of ${OF_NAME}`,
  },
} as const;

/** Longer text is no mistyped name, and may be a secret that was pasted: its beginning tells which it is. */
const LONGEST = 40;
const BEGINNING = 16;

/** What was given, for a message. */
export const foundOf = (text: string): string => {
  if (text === '') return 'nothing';
  const seen = [...clean(text)];
  if (seen.length === 0) return 'nothing that can be seen';
  return seen.length <= LONGEST
    ? `"${seen.join('')}"`
    : `"${seen.slice(0, BEGINNING).join('')}…", of ${text.length} characters`;
};

/** The name or id, where it can be one. */
export const checked = (kind: keyof typeof KINDS, text: string): string => {
  const { pattern, expected } = KINDS[kind];
  if (!pattern.test(text)) throw usage(`Expected ${expected}. Found ${foundOf(text)}.`);
  return text;
};
