import { plainTextOf } from '../adf.ts';
import type { Issue } from './store.ts';

type Test = (issue: Issue) => boolean;
export interface Query {
  readonly matches: Test;
  readonly compare: (a: Issue, b: Issue) => number;
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase();
const wordsOf = (text: string) => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const CLAUSES: Readonly<Record<string, (issue: Issue, value: string) => boolean>> = {
  'project =': ({ project }, value) => same(project, value),
  'key =': ({ key }, value) => same(key, value),
  'component =': ({ components }, value) => components.some((name) => same(name, value)),
  'status =': ({ status }, value) => same(status, value),
  'text ~': ({ summary, description }, value) => {
    const words = new Set(wordsOf(`${summary}\n${plainTextOf(description)}`));
    return wordsOf(value).every((word) => words.has(word));
  },
};

const VALUE = String.raw`"((?:[^"\\]|\\.)*)"|([^\s"=~(),]+)`;
const CLAUSE = new RegExp(String.raw`^\s*(\w+)\s*([=~])\s*(?:${VALUE})\s*(?:(and)\b|(?=order\s+by\b)|$)`, 'i');
const ORDER = /^\s*order\s+by\s+created(?:\s+(asc|desc))?\s*$/i;

/**
 * Reads the part of JQL that the sandbox knows: `project =`, `key =`, `component =`, `status =` and `text ~`, joined by
 * AND, then `ORDER BY created [ASC|DESC]`; without it the newest come first. Anything else is an error.
 */
export const parseJql = (jql: string): Query | { readonly error: string } => {
  const tests: Test[] = [];
  let rest = jql.trim();
  let more = !ORDER.test(rest) && rest !== '';
  if (!more) return { error: 'Unbounded JQL queries are not allowed here. Add a search restriction to your query.' };
  while (more) {
    const [clause = '', field = '', operator, quoted, word = '', and] = CLAUSE.exec(rest) ?? [];
    const name = `${field.toLowerCase()} ${operator}`;
    const test = Object.hasOwn(CLAUSES, name) ? CLAUSES[name] : undefined;
    if (test === undefined) return { error: `Error in the JQL Query: this is not understood here: ${rest}` };
    const value = quoted?.replace(/\\(.)/g, '$1') ?? word;
    tests.push((issue) => test(issue, value));
    rest = rest.slice(clause.length);
    more = and !== undefined;
  }
  const order = ORDER.exec(rest);
  if (rest !== '' && order === null) return { error: `Error in the JQL Query: this is not understood here: ${rest}` };
  const sign = order !== null && !same(order[1] ?? 'asc', 'desc') ? 1 : -1;
  return {
    matches: (issue) => tests.every((test) => test(issue)),
    compare: (a, b) => sign * (Number(a.id) - Number(b.id)), // ids follow creation, also within one millisecond
  };
};
