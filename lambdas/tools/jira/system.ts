import type { System } from '../../core/act/implementation.ts';
import { type JiraClient, JiraSecret, jiraClient } from './client.ts';
import { jiraAssign, jiraGet } from './contract.ts';
import { assignIssue, getIssue } from './tools.ts';

const timeoutMs = 1_000 * Math.max(jiraGet.timeoutSeconds, jiraAssign.timeoutSeconds);

/** Jira's side of its tools, for the functions of `jira:read` and `jira:write`. */
export const jira: System<JiraSecret, JiraClient> = {
  secret: JiraSecret,
  connect: (secret) => jiraClient(secret, { timeoutMs }),
  reads: [getIssue],
  writes: [assignIssue],
};
