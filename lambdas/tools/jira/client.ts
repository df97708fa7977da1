import * as z from 'zod';
import { IssueKey, ProjectKey, STATUS_CATEGORIES } from './contract.ts';
import type { Operation } from './faults.ts';
import { Change, isChangedSince, type Mark, saidOf } from './history.ts';
import { type TransportOptions, transport } from './transport.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

const isSafe = (text: string): boolean => {
  const url = URL.parse(text);
  if (url === null || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') return false;
  return url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
};

/** What a tenant's secret for Jira holds: a site, and a user of it with an API token. */
export const JiraSecret = z.strictObject({
  baseUrl: z
    .string()
    .max(2_048)
    .refine(isSafe, 'baseUrl must be an https URL without user, query and fragment; http only to this machine'),
  user: z.string().regex(/^[^:\p{C}]{1,320}$/u, 'user must be 1 to 320 printable characters without ":"'),
  token: z.string().regex(/^[\x21-\x7e]{1,4096}$/, 'token must be 1 to 4096 visible ASCII characters'),
});
export type JiraSecret = z.infer<typeof JiraSecret>;

/** Text that survives UTF-8: half surrogate pairs, which JSON can carry, become U+FFFD. */
const text = (max: number) =>
  z
    .string()
    .max(max)
    .overwrite((value) => value.toWellFormed());
const name = text(255).min(1);

const Issue = z.object({
  key: IssueKey,
  fields: z.object({
    project: z.object({ key: ProjectKey }),
    status: z.object({ name, statusCategory: z.object({ key: z.enum(STATUS_CATEGORIES) }) }),
    components: z.array(z.object({ name })).max(1_000),
    summary: text(1_000),
    description: z.unknown().optional(), // absent where the project's screens do not have it
    updated: z.string().transform(utc).pipe(z.iso.datetime()),
  }),
});
export type Issue = z.infer<typeof Issue>;

/** The newest changes of an issue, newest first, as many as Jira gives at once. */
const History = z.object({ changelog: z.object({ histories: z.array(Change) }) });

/** Jira writes offsets as `+0200`, without the colon that ISO 8601 asks for in this form. */
function utc(updated: string): string {
  const date = new Date(updated.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'));
  return Number.isNaN(date.getTime()) ? '' : date.toISOString();
}

const ISSUE_PATH = '/rest/api/3/issue/{issueIdOrKey}';
const getIssue: Operation<Issue> = { method: 'GET', path: ISSUE_PATH, expects: 200, answer: Issue };
/** A change of a description comes with both texts in full, of 32,767 characters each. */
const getHistory: Operation<z.infer<typeof History>> = { ...getIssue, answer: History, mostBytes: 16 * 1_048_576 };
const editIssue: Operation<undefined> = { method: 'PUT', path: ISSUE_PATH, expects: 204, answer: z.undefined() };

export interface JiraClient {
  /** Reads the fields that the tools use. Fails with `Retryable` or `Terminal`. */
  getIssue(issueKey: string, signal: AbortSignal): Promise<Issue>;
  /** Whether one of the issue's newest changes was made by the call with this marker. Fails with `Retryable` or `Terminal`. */
  hasMarker(issueKey: string, marker: string, signal: AbortSignal): Promise<boolean>;
  /**
   * Whether somebody changed the components after the call with this marker, and it was not undone since; false where that call changed
   * nothing. Fails as `hasMarker`.
   */
  isChangedSince(issueKey: string, marker: string, signal: AbortSignal): Promise<boolean>;
  /** Makes these the issue's only components, and leaves the mark in the issue's history. Fails with any of the three faults. */
  setComponents(issueKey: string, components: readonly string[], mark: Mark, signal: AbortSignal): Promise<void>;
}

/** Speaks Jira Cloud's REST API v3 to one site as one user. Opens nothing until the first call. */
export const jiraClient = ({ baseUrl, user, token }: JiraSecret, options: TransportOptions): JiraClient => {
  const send = transport(`Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`, options);
  const fields = Object.keys(Issue.shape.fields.shape).join(',');
  const issueUrl = (issueKey: string) =>
    `${baseUrl.replace(/\/+$/, '')}${ISSUE_PATH.replace('{issueIdOrKey}', encodeURIComponent(issueKey))}`;

  const newestChanges = async (issueKey: string, signal: AbortSignal): Promise<readonly Change[]> => {
    const url = `${issueUrl(issueKey)}?fields=updated&expand=changelog`;
    return (await send(getHistory, { url }, signal)).changelog.histories;
  };

  return {
    getIssue: (issueKey, signal) => send(getIssue, { url: `${issueUrl(issueKey)}?fields=${fields}` }, signal),
    hasMarker: async (issueKey, marker, signal) =>
      (await newestChanges(issueKey, signal)).some((change) => saidOf(change).writ === marker),
    isChangedSince: async (issueKey, marker, signal) => isChangedSince(await newestChanges(issueKey, signal), marker),
    setComponents: async (issueKey, components, { marker, undoes }, signal) => {
      const body = {
        fields: { components: components.map((name) => ({ name })) },
        historyMetadata: {
          type: 'writ',
          activityDescription: 'Routed by Writ',
          extraData: { writ: marker, ...(undoes !== undefined && { undoes }) },
        },
      };
      await send(editIssue, { url: issueUrl(issueKey), body }, signal);
    },
  };
};
