import { implementRead, implementWrite } from '../../core/act/implementation.ts';
import { cut, plainTextOf } from './adf.ts';
import type { Issue, JiraClient } from './client.ts';
import { DESCRIPTION_LIMIT, jiraAssign, jiraGet, jiraRestoreComponents } from './contract.ts';

const recordOf = ({ key, fields }: Issue) => {
  const { text: description, truncated } = cut(plainTextOf(fields.description), DESCRIPTION_LIMIT);
  return {
    issueKey: key,
    project: fields.project.key,
    status: fields.status.name,
    statusCategory: fields.status.statusCategory.key,
    components: fields.components.map(({ name }) => name),
    summary: fields.summary,
    description,
    truncated,
    updated: fields.updated,
  };
};

/** The issue's key is the one Jira answers with: an issue that was moved answers to its old key too. */
export const getIssue = implementRead({
  contract: jiraGet,
  call: async (client: JiraClient, { issueKey }, signal) => recordOf(await client.getIssue(issueKey, signal)),
  isChangedSince: (client, { issueKey }, signal, { marker }) => client.isChangedSince(issueKey, marker, signal),
});

export const assignIssue = implementWrite({
  contract: jiraAssign,
  call: async (client: JiraClient, { issueKey, component }, signal, mark) => {
    await client.setComponents(issueKey, [component], mark, signal);
    return { issueKey, component };
  },
  lookUp: async (client, input, signal, { marker }) =>
    jiraAssign.shows(input, recordOf(await client.getIssue(input.issueKey, signal))) ||
    client.hasMarker(input.issueKey, marker, signal),
});

export const restoreComponents = implementWrite({
  contract: jiraRestoreComponents,
  call: async (client: JiraClient, { issueKey, components }, signal, mark) => {
    await client.setComponents(issueKey, components, mark, signal);
    return { issueKey, components };
  },
  lookUp: async (client, input, signal, { marker }) =>
    jiraRestoreComponents.shows(input, recordOf(await client.getIssue(input.issueKey, signal))) ||
    client.hasMarker(input.issueKey, marker, signal),
});
