import { plainTextOf } from '../adf.ts';
import type { Issue } from './store.ts';

type Test = (issue: Issue) => boolean;
export interface Query {
  readonly matches: Test;
  readonly compare: (a: Issue, b: Issue) => number;
}

const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([=~(),])|([^\s=~(),"']+))/y;

type Token = { readonly text: string; readonly quoted: boolean };

const tokensOf = (jql: string): readonly Token[] | undefined => {
  const tokens: Token[] = [];
  const trimmed = jql.trim();
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < trimmed.length) {
    const [, double, single, sign, word] = TOKEN.exec(trimmed) ?? [];
    const quoted = double ?? single;
    const text = quoted?.replace(/\\(.)/g, '$1') ?? sign ?? word;
    if (text === undefined) return undefined;
    tokens.push({ text, quoted: quoted !== undefined });
  }
  return tokens;
};

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();

const EQUALS: Readonly<Record<string, (issue: Issue, value: string) => boolean>> = {
  project: ({ project }, value) => same(project, value),
  key: ({ key }, value) => same(key, value),
  issuekey: ({ key }, value) => same(key, value),
  component: ({ components }, value) => components.some((name) => same(name, value)),
  status: ({ status }, value) => same(status, value),
};

const SORTS: Readonly<Record<string, (issue: Issue) => number>> = {
  created: ({ id }) => Number(id), // ids are given in the order of creation, also within one millisecond
  updated: ({ updated }) => updated,
};

const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

/** `text ~ "…"`: every word occurs in the summary or the description. */
const mentions = ({ summary, description }: Issue, value: string): boolean => {
  const words = new Set(wordsOf(`${summary}\n${plainTextOf(description)}`));
  return wordsOf(value).every((word) => words.has(word));
};

const failed = (message: string) => ({ error: `Error in the JQL Query: ${message}` });

/**
 * Reads the subset of JQL that the sandbox knows: `project`, `key`, `component` and `status` with `=` or `in (…)`,
 * `text ~`, joined by AND, then `ORDER BY created|updated [ASC|DESC]`. Anything else is an error that names it.
 */
export const parseJql = (jql: string): Query | { readonly error: string } => {
  const tokens = tokensOf(jql);
  if (tokens === undefined) return failed('a quoted string is not closed.');
  let at = 0;
  const take = () => tokens[at++] ?? { text: 'the end', quoted: true };
  const takeWord = (word: string) => {
    const next = tokens[at];
    const found = next !== undefined && !next.quoted && same(next.text, word);
    if (found) at++;
    return found;
  };

  const clause = (): Test | { readonly error: string } => {
    const field = take().text.toLowerCase();
    if (field === 'text') {
      if (!takeWord('~')) return failed("the field 'text' needs the operator '~'.");
      const { text } = take();
      return (issue) => mentions(issue, text);
    }
    const equals = Object.hasOwn(EQUALS, field) ? EQUALS[field] : undefined;
    if (equals === undefined)
      return failed(`Field '${field}' does not exist or you do not have permission to view it.`);
    if (takeWord('=')) {
      const { text } = take();
      return (issue) => equals(issue, text);
    }
    if (!takeWord('in') || !takeWord('(')) return failed(`expecting '=' or 'in (' after '${field}'.`);
    const values = [take().text];
    while (takeWord(',')) values.push(take().text);
    if (!takeWord(')')) return failed(`expecting ')' after the values of '${field}'.`);
    return (issue) => values.some((value) => equals(issue, value));
  };

  const tests: Test[] = [];
  const first = tokens[0];
  if (first === undefined || (!first.quoted && same(first.text, 'order')))
    return { error: 'Unbounded JQL queries are not allowed here. Add a search restriction to your query.' };
  do {
    const test = clause();
    if ('error' in test) return test;
    tests.push(test);
  } while (takeWord('and'));

  let sort: (issue: Issue) => number = ({ id }) => -Number(id);
  if (takeWord('order')) {
    if (!takeWord('by')) return failed("expecting 'BY' after 'ORDER'.");
    const name = take().text.toLowerCase();
    const value = Object.hasOwn(SORTS, name) ? SORTS[name] : undefined;
    if (value === undefined) return failed(`cannot order by '${name}'.`);
    const sign = takeWord('desc') ? -1 : 1;
    takeWord('asc');
    sort = (issue) => sign * value(issue);
  }
  if (at < tokens.length) return failed(`expecting the end, AND or ORDER BY before '${tokens[at]?.text}'.`);
  if (at > tokens.length) return failed('a value is missing at the end.');
  return { matches: (issue) => tests.every((test) => test(issue)), compare: (a, b) => sort(a) - sort(b) };
};
