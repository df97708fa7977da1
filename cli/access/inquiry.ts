import * as z from 'zod';
import type { Answer, Inquiry } from '../../local/iam/question.ts';
import { usage } from '../failure.ts';
import { clean } from '../terminal/sanitise.ts';

const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const Request = z.strictObject({
  role: z.string().min(1),
  action: z.string(),
  resource: z.string(),
  context: z.record(z.string(), z.union([Value, z.array(Value)])).default({}),
});

const ACTION = /^[a-z][a-z0-9-]*:[A-Za-z]\w*$/i;

const checked = (inquiry: Inquiry): Inquiry => {
  const { action, resource } = inquiry;
  if (!ACTION.test(action))
    throw usage(`the action must be one of a service, such as dynamodb:PutItem, found ${clean(action)}`);
  if (resource !== '*' && !resource.startsWith('arn:'))
    throw usage(`the resource must be an ARN, or * for an action that has none, found ${clean(resource)}`);
  return inquiry;
};

/** `--context key=value`: a key that is given several times has several values. */
const contextOf = (pairs: readonly string[]): Readonly<Record<string, string | readonly string[]>> => {
  const values = new Map<string, { readonly key: string; readonly list: string[] }>();
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw usage(`--context expects key=value, found ${clean(pair)}`);
    const key = pair.slice(0, at);
    const known = values.get(key.toLowerCase()) ?? { key, list: [] };
    known.list.push(pair.slice(at + 1));
    values.set(key.toLowerCase(), known);
  }
  return Object.fromEntries(
    [...values.values()].map(({ key, list }) => [key, list.length === 1 ? list[0] : list])
  ) as Readonly<Record<string, string | readonly string[]>>;
};

export const inquiryOf = (role: string, action: string, resource: string, pairs: readonly string[]): Inquiry =>
  checked({ role, action, resource, context: contextOf(pairs) });

/** One line of JSON Lines. Throws a usage `Failure` that says what is wrong with it. */
export const inquiryIn = (line: string): Inquiry => {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw usage('this is no JSON');
  }
  const parsed = Request.safeParse(json);
  if (!parsed.success) throw usage(clean(z.prettifyError(parsed.error)));
  return checked(parsed.data);
};

/** The decision; throws a usage `Failure` with the candidates where no role, or more than one, is meant. */
export const decidedIn = (answer: Answer, { role }: Inquiry): Answer & { kind: 'decided' } => {
  if (answer.kind === 'decided') return answer;
  const what =
    answer.kind === 'no-such-role'
      ? 'no role of the template has %s in its name'
      : 'several roles have %s in their names';
  throw usage([`${what.replace('%s', () => clean(role))}; there are:`, ...answer.candidates.map(clean)].join('\n'));
};
