import type { System } from '../../core/act/implementation.ts';
import { type JiraClient, JiraSecret, jiraClient } from './client.ts';
import { jiraAssign, jiraGet, jiraRestoreComponents } from './contract.ts';
import { assignIssue, getIssue, restoreComponents } from './tools.ts';

const timeoutMs =
  1_000 * Math.max(...[jiraGet, jiraAssign, jiraRestoreComponents].map(({ timeoutSeconds }) => timeoutSeconds));

/** Jira's side of its tools, for the functions of `jira:read` and `jira:write`. */
export const jira: System<JiraSecret, JiraClient> = {
  secret: JiraSecret,
  account: ({ baseUrl, user }) => `${user} ${baseUrl}`,
  connect: (secret) => jiraClient(secret, { timeoutMs }),
  reads: [getIssue],
  writes: [assignIssue, restoreComponents],
};
