import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import type { JiraSandbox } from '../../lambdas/tools/jira/sandbox/sandbox.ts';
import { type Issue, STATUS_NAMES } from '../../lambdas/tools/jira/sandbox/store.ts';
import { writeOwnerOnly } from '../connection.ts';
import { Failure } from '../failure.ts';
import { clean } from '../terminal/sanitise.ts';
import type { Ticket } from '../tickets/tickets.ts';
import type { Filed } from './batch.ts';

/*
 * The sandbox forgets when it ends; runs do not. Its issues are kept beside the runs, so that one which goes on after a
 * restart finds the issue that it was about, and so that no key is given twice.
 */

const PROJECT = 'OPS';
const SUMMARY_LIMIT = 255;

const Kept = z.object({
  key: z.string(),
  summary: z.string(),
  description: z.unknown(),
  components: z.array(z.string()),
  status: z.enum(STATUS_NAMES),
});
export type Kept = z.infer<typeof Kept>;

const issuesFile = (data: string): string => join(data, 'jira-issues.json');

/** The issues of earlier starts; none where nothing is kept. Fails where they cannot be read: runs may wait for them. */
export const keptIssues = async (data: string): Promise<readonly Kept[]> => {
  const file = issuesFile(data);
  try {
    return z.array(Kept).parse(JSON.parse(await readFile(file, 'utf8')));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') return [];
    throw new Failure(
      `${clean(file)} should hold the issues of the Jira sandbox and does not. Remove it to go on without them: ` +
        'runs that are about them will be handed to people.',
      { cause }
    );
  }
};

export const keepIssues = (data: string, issues: readonly Issue[]): Promise<void> =>
  writeOwnerOnly(
    issuesFile(data),
    JSON.stringify(
      issues.map(({ key, summary, description, components, status }) => ({
        key,
        summary,
        description,
        components,
        status,
      }))
    )
  );

const numberOf = (key: string): number => (key.startsWith(`${PROJECT}-`) ? Number(key.slice(PROJECT.length + 1)) : 0);

const lastNumber = (jira: JiraSandbox): number =>
  jira.issues().reduce((most, { key }) => Math.max(most, numberOf(key)), 0);

export const SPARE_SUMMARY = 'VPN drops every ten minutes';

/** An issue that nobody has submitted yet, to try things with. */
export const addSpareIssue = (jira: JiraSandbox): string => {
  const key = `${PROJECT}-${lastNumber(jira) + 1}`;
  jira.addIssue({ key, summary: SPARE_SUMMARY });
  return key;
};

/** Makes an issue of every ticket, numbered on from the last one that is there. */
export const fileTickets = (jira: JiraSandbox, tickets: readonly Ticket[]): readonly Filed[] => {
  const last = lastNumber(jira);
  return tickets.map((ticket, index) => {
    const issueKey = `${PROJECT}-${last + index + 1}`;
    jira.addIssue({
      key: issueKey,
      summary: ticket.summary.slice(0, SUMMARY_LIMIT).toWellFormed(),
      ...(ticket.description !== undefined && { description: ticket.description }),
      ...(ticket.status !== undefined && { status: ticket.status }),
    });
    return { ticket, issueKey };
  });
};
