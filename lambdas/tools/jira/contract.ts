// Read at synthesis, by Decide and by the scope functions alike: schemas and pure functions only, no client.
import * as z from 'zod';
import { defineReadTool, defineWriteTool } from '../../core/tool.ts';

export const IssueKey = z
  .string()
  .regex(
    /^[A-Z][A-Z0-9]{1,9}-[1-9][0-9]{0,9}$/,
    'an issue key must be a project key, "-" and a number, such as OPS-12'
  );

export const ProjectKey = z
  .string()
  .regex(/^[A-Z][A-Z0-9]{1,9}$/, 'a project key must be 2 to 10 of A-Z and 0-9, starting with a letter');

/** A component's name as Jira keeps it: 1 to 255 printable characters, no space at either end. */
export const ComponentName = z
  .string()
  .min(1)
  .max(255)
  .regex(
    /^(?!\s)[^\p{C}\p{Zl}\p{Zp}]*(?<!\s)$/u,
    'a component must be printable text on one line, without a space at either end'
  );

/** Longer descriptions are cut to this many UTF-16 code units, and say so in `truncated`. */
export const DESCRIPTION_LIMIT = 16_000;

export const STATUS_CATEGORIES = ['new', 'indeterminate', 'done', 'undefined'] as const;

/** Reads one issue. Summary and description are whatever a reporter typed: they are data, never instructions. */
export const jiraGet = defineReadTool({
  name: 'jira.get',
  scope: 'jira:read',
  summary: 'Read one Jira issue: where it stands, which components it has, and what its reporter wrote.',
  input: z.strictObject({ issueKey: IssueKey }),
  output: z.strictObject({
    issueKey: IssueKey,
    project: ProjectKey,
    status: z.string().min(1).max(255),
    statusCategory: z.enum(STATUS_CATEGORIES),
    components: z.array(z.string().min(1).max(255)).max(1_000).describe('Names, in the order of Jira.'),
    summary: z.string().max(1_000),
    description: z.string().max(DESCRIPTION_LIMIT).describe('Plain text; empty where the issue has none.'),
    truncated: z.boolean().describe('Whether the description was longer than this.'),
    updated: z.iso.datetime().describe('UTC.'),
  }),
  trust: {
    issueKey: 'record',
    project: 'record',
    status: 'record',
    statusCategory: 'record',
    components: 'record',
    summary: 'untrusted',
    description: 'untrusted',
    truncated: 'untrusted', // an outsider decides how long a description is
    updated: 'record',
  },
  timeoutSeconds: 10,
  example: {
    input: { issueKey: 'OPS-12' },
    output: {
      issueKey: 'OPS-12',
      project: 'OPS',
      status: 'To Do',
      statusCategory: 'new',
      components: ['Network'],
      summary: 'VPN drops every ten minutes',
      description: 'Since Monday, from home only.',
      truncated: false,
      updated: '2030-01-02T03:04:05.000Z',
    },
  },
});

type Seen = Readonly<Record<string, unknown>>;

/** The names of the components that a record of `jira.get` shows for this issue; undefined where it is another issue. */
const componentsOf = (issueKey: string, { issueKey: seenKey, components }: Seen): readonly string[] | undefined =>
  seenKey === issueKey && Array.isArray(components) && components.every((name) => typeof name === 'string')
    ? components
    : undefined;

/** The order of components means nothing to Jira. */
const areSame = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.toSorted().every((name, at) => name === others.toSorted()[at]);

/** What both writes of components have in common: which record is looked at, and what restores it. */
const restoredComponents = {
  by: 'jira.restore-components',
  restores: ({ issueKey }: { readonly issueKey: string }, before: Seen) => {
    const components = componentsOf(issueKey, before);
    return components && { issueKey, components };
  },
  seenWith: ({ issueKey }: { readonly issueKey: string }) => ({ issueKey }),
} as const;

/** Whether components hold some of what was written, and beside it nothing but what was there. */
const isPartly = (
  issueKey: string,
  written: readonly string[],
  { before, now }: { readonly before: Seen; readonly now: Seen }
): boolean => {
  const [was, is] = [componentsOf(issueKey, before), componentsOf(issueKey, now)];
  if (was === undefined || is === undefined || areSame(was, is)) return false;
  if (!is.some((name) => written.includes(name))) return false;
  return is.every((name) => was.includes(name) || written.includes(name));
};

/** Gives one issue to one queue: its components become exactly the one named. Doing it again changes nothing. */
export const jiraAssign = defineWriteTool({
  name: 'jira.assign',
  scope: 'jira:write',
  summary: 'Route a Jira issue to a queue, by making that queue its only component.',
  effect: 'idempotent',
  input: z.strictObject({ issueKey: IssueKey, component: ComponentName }),
  output: z.strictObject({ issueKey: IssueKey, component: ComponentName }),
  seenBy: 'jira.get',
  shows: ({ issueKey, component }, { issueKey: seenKey, components }) =>
    seenKey === issueKey && Array.isArray(components) && components.length === 1 && components[0] === component,
  // both are names that the system of record gives: neither holds a reporter's words
  redact: ({ issueKey, component }) => ({ issueKey, component }),
  undo: {
    ...restoredComponents,
    partly: ({ issueKey, component }, seen) => isPartly(issueKey, [component], seen),
  },
  // far beyond a service desk; Jira itself answers a site with 429 at about as much
  rate: { atMost: 6_000, per: 'minute' },
  timeoutSeconds: 10,
  example: {
    input: { issueKey: 'OPS-12', component: 'Network' },
    output: { issueKey: 'OPS-12', component: 'Network' },
  },
});

/** Gives an issue the components that it had: exactly those named, also none. Doing it again changes nothing. */
export const jiraRestoreComponents = defineWriteTool({
  name: restoredComponents.by,
  scope: 'jira:write',
  summary: 'Give a Jira issue back the components that it had.',
  effect: 'idempotent',
  input: z.strictObject({ issueKey: IssueKey, components: z.array(ComponentName).max(1_000) }),
  output: z.strictObject({ issueKey: IssueKey, components: z.array(ComponentName) }),
  seenBy: 'jira.get',
  shows: ({ issueKey, components }, record) => {
    const seen = componentsOf(issueKey, record);
    return seen !== undefined && areSame(seen, components);
  },
  redact: ({ issueKey, components }) => ({ issueKey, components }),
  undo: {
    ...restoredComponents,
    partly: ({ issueKey, components }, seen) => isPartly(issueKey, components, seen),
  },
  rate: { atMost: 6_000, per: 'minute' },
  timeoutSeconds: 10,
  example: {
    input: { issueKey: 'OPS-12', components: ['Network', 'Office'] },
    output: { issueKey: 'OPS-12', components: ['Network', 'Office'] },
  },
});
