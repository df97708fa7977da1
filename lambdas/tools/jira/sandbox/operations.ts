import * as z from 'zod';
import { changesOf } from './fields.ts';
import { parseJql } from './jql.ts';
import { changelogOf, commentOf, commentsOf, issueOf, transitionsOf, type View } from './represent.ts';
import { CommentPage, Document, IssueUpdate, NewComment, Search, SearchQuery, User } from './requests.ts';
import { type Author, type Issue, STATUS_NAMES, STATUSES } from './store.ts';

export interface Answer {
  readonly status: number;
  readonly body?: unknown;
}

export interface Asked {
  readonly view: View;
  readonly query: URLSearchParams;
  readonly body: unknown;
  readonly accountId: string;
}

export type Handler = (asked: Asked) => Answer;

/** Jira's shape of an error: messages of the whole request, and one for each field. */
export const refusal = (
  status: number,
  messages: readonly string[],
  errors: Readonly<Record<string, string>> = {}
) => ({
  status,
  body: { errorMessages: messages, errors },
});

/** A handler that gets its input parsed, or refuses it as Jira does: with a 400 that says where it went wrong. */
const parsing =
  <Input>(schema: z.ZodType<Input>, from: (asked: Asked) => unknown, handle: (input: Input, asked: Asked) => Answer) =>
  (asked: Asked): Answer => {
    const input = schema.safeParse(from(asked));
    if (input.success) return handle(input.data, asked);
    const places = input.error.issues.map(({ path }) => path.join('.') || 'the whole');
    return refusal(400, [`Invalid request payload at ${places.join(', ')}. Refer to the REST API documentation.`]);
  };

const bodyOf = ({ body }: Asked) => body;

const authorOf = ({ accountId: by }: Asked, { historyMetadata }: IssueUpdate): Author =>
  historyMetadata?.extraData === undefined ? { by } : { by, extraData: historyMetadata.extraData };

const isEmpty = (errors: object) => Object.keys(errors).length === 0;

const ProjectField = z.looseObject({ key: z.string() });
const IssueTypeField = z.union([z.looseObject({ name: z.string() }), z.looseObject({ id: z.string() })]);

const createIssue = parsing(IssueUpdate, bodyOf, (body, asked) => {
  const { store, url } = asked.view;
  const project = ProjectField.safeParse(body.fields?.project);
  const nextKey = project.success ? store.nextKey(project.data.key) : undefined;
  const { changes, errors } = changesOf(body, undefined, store, ['project', 'issuetype']);
  const all = {
    ...(nextKey === undefined && { project: 'Specify a valid project ID or key' }),
    ...(!IssueTypeField.safeParse(body.fields?.issuetype).success && { issuetype: 'Specify a valid issue type' }),
    ...(changes.summary === undefined && { summary: 'You must specify a summary of the issue.' }),
    ...errors,
  };
  if (nextKey === undefined || !isEmpty(all)) return refusal(400, [], all);

  const { id, key } = store.create(nextKey, changes, authorOf(asked, body));
  return { status: 201, body: { id, key, self: `${url}/rest/api/3/issue/${id}` } };
});

const listOf = (query: URLSearchParams, name: string): readonly string[] =>
  query.getAll(name).flatMap((value) => value.split(',').filter((one) => one !== ''));

const editIssue = (issue: Issue) =>
  parsing(IssueUpdate, bodyOf, (body, asked) => {
    const { view, query } = asked;
    if (body.properties?.length) return refusal(400, ['This sandbox keeps no issue properties.']);
    const { changes, errors } = changesOf(body, issue, view.store);
    if (!isEmpty(errors)) return refusal(400, [], errors);

    view.store.change(issue, changes, authorOf(asked, body));
    if (query.get('returnIssue') !== 'true') return { status: 204 };
    return { status: 200, body: issueOf(view, view.store.find(issue.key) ?? issue, []) };
  });

const assignIssue = (issue: Issue) =>
  parsing(User, bodyOf, (user, { view: { store }, accountId: by }) => {
    const [given, ...others] = Object.values(user);
    if (given === undefined || others.length > 0) return refusal(400, ['Give exactly one of name, key and accountId.']);
    const assignee = given === '-1' ? null : given;
    if (assignee !== null && !store.accountIds.includes(assignee))
      return refusal(400, [], { assignee: `User '${assignee}' does not exist.` });
    store.change(issue, { assignee }, { by });
    return { status: 204 };
  });

const doTransition = (issue: Issue) =>
  parsing(IssueUpdate, bodyOf, (body, asked) => {
    const status = STATUS_NAMES.find((name) => STATUSES[name].transition === body.transition?.id);
    if (status === undefined) return refusal(400, ['Transition id is missing or not valid for this issue.']);
    const { changes, errors } = changesOf(body, issue, asked.view.store);
    if (!isEmpty(errors)) return refusal(400, [], errors);
    asked.view.store.change(issue, { ...changes, status }, authorOf(asked, body));
    return { status: 204 };
  });

const getComments = (issue: Issue) =>
  parsing(
    CommentPage,
    ({ query }) => Object.fromEntries(query),
    ({ startAt, maxResults, orderBy }, { view }) => ({
      status: 200,
      body: commentsOf(view, issue, startAt, maxResults, orderBy === '-created'),
    })
  );

const addComment = (issue: Issue) =>
  parsing(NewComment, bodyOf, (given, { view, accountId: by }) => {
    if (!Document.safeParse(given.body).success) return refusal(400, [], { comment: 'Comment body is not valid!' });
    return { status: 201, body: commentOf(view, issue, view.store.comment(issue, given, { by })) };
  });

const search = ({ jql, nextPageToken: start, maxResults, fields }: Search, { view }: Asked): Answer => {
  const query = parseJql(jql);
  if ('error' in query) return refusal(400, [query.error]);
  const found = [...view.store.issues.values()].filter(query.matches).sort(query.compare);
  const end = start + Math.min(maxResults, 5_000);
  const issues = found.slice(start, end).map((issue) => issueOf(view, issue, fields));
  const rest = end >= found.length ? { isLast: true } : { isLast: false, nextPageToken: String(end) };
  return { status: 200, body: { issues, ...rest } };
};

const searchParametersOf = ({ query }: Asked) => {
  const fields = listOf(query, 'fields');
  return { ...Object.fromEntries(query), fields: fields.length > 0 ? fields : undefined };
};

const ON_ISSUE: Readonly<Record<string, (issue: Issue) => Handler>> = {
  'GET ':
    (issue) =>
    ({ view, query }) => {
      const changelog = listOf(query, 'expand').includes('changelog') && { changelog: changelogOf(view, issue) };
      return { status: 200, body: { ...issueOf(view, issue, listOf(query, 'fields')), ...changelog } };
    },
  'PUT ': editIssue,
  'PUT assignee': assignIssue,
  'GET transitions':
    () =>
    ({ view, query }) => ({ status: 200, body: transitionsOf(view, query.get('transitionId')) }),
  'POST transitions': doTransition,
  'GET comment': getComments,
  'POST comment': addComment,
};

const ELSEWHERE: Readonly<Record<string, Handler>> = {
  'POST /rest/api/3/issue': createIssue,
  'GET /rest/api/3/search/jql': parsing(SearchQuery, searchParametersOf, search),
  'POST /rest/api/3/search/jql': parsing(Search, bodyOf, search),
};

const NO_ISSUE = () => refusal(404, ['Issue does not exist or you do not have permission to see it.']);

/** The operation at a method and path, or undefined where there is none. */
export const operationAt = ({ store }: View, method: string, path: string): Handler | undefined => {
  const [, key, part = ''] = /^\/rest\/api\/3\/issue\/([^/]+)(?:\/(assignee|transitions|comment))?$/.exec(path) ?? [];
  if (key === undefined) return ELSEWHERE[`${method} ${path}`];
  const operation = ON_ISSUE[`${method} ${part}`];
  const issue = store.find(key);
  return operation && (issue === undefined ? NO_ISSUE : operation(issue));
};
