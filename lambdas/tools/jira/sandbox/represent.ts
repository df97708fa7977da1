import { componentId } from './fields.ts';
import { type Comment, type Issue, STATUS_NAMES, STATUSES, type StatusName, type Store } from './store.ts';

/** How the sandbox shows what it holds, in the shapes of the vendor's contract. */
export interface View {
  readonly store: Store;
  readonly url: string;
}

/** Jira's own notation: an offset without a colon. */
const timeOf = (ms: number): string => new Date(ms).toISOString().replace('Z', '+0000');

const userOf = ({ url }: View, accountId: string) => ({
  self: `${url}/rest/api/3/user?accountId=${accountId}`,
  accountId,
  accountType: 'atlassian',
  displayName: accountId,
  active: true,
});

const statusOf = ({ url }: View, name: StatusName) => {
  const { id, key, categoryId } = STATUSES[name];
  const self = `${url}/rest/api/3/statuscategory/${categoryId}`;
  return {
    self: `${url}/rest/api/3/status/${id}`,
    id,
    name,
    statusCategory: { self, id: categoryId, key, name },
  };
};

export const commentOf = (view: View, issue: Issue, { author, created, ...shown }: Comment) => ({
  self: `${view.url}/rest/api/3/issue/${issue.id}/comment/${shown.id}`,
  author: userOf(view, author),
  updateAuthor: userOf(view, author),
  created: timeOf(created),
  updated: timeOf(created),
  ...shown,
});

export const commentsOf = (view: View, issue: Issue, startAt: number, maxResults: number, newestFirst = false) => {
  const all = newestFirst ? issue.comments.toReversed() : issue.comments;
  const comments = all.slice(startAt, startAt + maxResults).map((comment) => commentOf(view, issue, comment));
  return { startAt, maxResults, total: all.length, comments };
};

const FIELDS: Readonly<Record<string, (view: View, issue: Issue) => unknown>> = {
  summary: (_, { summary }) => summary,
  description: (_, { description }) => description,
  status: (view, { status }) => statusOf(view, status),
  components: ({ store, url }, { components }) =>
    components.map((name) => {
      const id = componentId(store, name);
      return { self: `${url}/rest/api/3/component/${id}`, id, name };
    }),
  project: (_, { project: key }) => ({ id: key, key, name: key, projectTypeKey: 'software', simplified: false }),
  issuetype: () => ({ id: '10001', name: 'Task', subtask: false }),
  labels: (_, { labels }) => labels,
  assignee: (view, { assignee }) => (assignee === null ? null : userOf(view, assignee)),
  created: (_, { created }) => timeOf(created),
  updated: (_, { updated }) => timeOf(updated),
  comment: (view, issue) => commentsOf(view, issue, 0, 5_000),
};

/** The names that a `fields` parameter asks for: names, `*all`, `*navigable`, and names to leave out behind a minus. */
const chosen = (asked: readonly string[]): readonly string[] => {
  const without = asked.filter((name) => name.startsWith('-')).map((name) => name.slice(1));
  const all = asked.length === without.length || asked.some((name) => name === '*all' || name === '*navigable');
  return Object.keys(FIELDS).filter((name) => (all || asked.includes(name)) && !without.includes(name));
};

/** An issue with the fields asked for; none asked for means all, and `['id']` nothing but the id. */
export const issueOf = (view: View, issue: Issue, asked: readonly string[]) => {
  if (asked.length === 1 && asked[0] === 'id') return { id: issue.id };
  const fields = Object.fromEntries(chosen(asked).map((name) => [name, FIELDS[name]?.(view, issue)]));
  return { expand: 'names', id: issue.id, self: `${view.url}/rest/api/3/issue/${issue.id}`, key: issue.key, fields };
};

/** The issue's changes, newest first, as `expand=changelog` adds them; Jira gives a hundred at most. */
export const changelogOf = (view: View, { key }: Issue) => {
  const textOf = (value: unknown) => (typeof value === 'string' ? value : JSON.stringify(value ?? ''));
  const all = view.store.writes
    .map((write, at) => ({ ...write, id: String(at + 1) }))
    .filter(({ issueKey }) => issueKey === key);
  const histories = all
    .toReversed()
    .slice(0, 100)
    .map(({ id, at, by, extraData, changes }) => ({
      id,
      author: userOf(view, by),
      created: timeOf(at),
      items: changes.map(({ field, from, to }) => ({
        field,
        fieldId: field,
        fieldtype: 'jira',
        fromString: textOf(from),
        toString: textOf(to),
      })),
      ...(extraData && { historyMetadata: { extraData } }),
    }));
  return { startAt: 0, maxResults: 100, total: all.length, histories };
};

/** Every status can be reached from every other. */
export const transitionsOf = (view: View, id: string | null) => ({
  expand: 'transitions',
  transitions: STATUS_NAMES.map((name) => ({ id: STATUSES[name].transition, name, to: statusOf(view, name) })).filter(
    (transition) => id === null || transition.id === id
  ),
});
