import { type Answer, openQuestions } from '../../../local/iam/question.ts';
import { readAssembly } from '../../../local/template/assembly.ts';
import { type Deployment, readDeployment } from '../../../local/template/deployment.ts';
import type { JsonObject } from '../../../local/template/json.ts';

/** One call that somebody might make: under its letter in the table. */
export interface Deed {
  readonly letter: string;
  readonly action: string;
  readonly resource: string;
  readonly context?: JsonObject;
}

export interface Row {
  readonly about: string;
  readonly deeds: readonly Deed[];
}

/** The roles of the app, by what acts under them. */
export const rolesIn = ({ roles, access }: Deployment): ReadonlyMap<string, string> =>
  new Map(
    roles.map(({ at, arn }) => {
      const actor = access.actors.find(({ roleArn }) => roleArn === arn);
      const id = (actor?.at ?? at).replace(/^[^/]*\//, '').replace(/[0-9A-F]{8}$/, '');
      const name = id
        .replace(/^TicketTriageStateMachine$/, 'machine')
        .replace(/^TicketTriageUndoStateMachine$/, 'undo machine')
        .replace(/^TicketTriage/, '')
        .replace(/^Jira(Read|Write)(Function|SecretsRole)$/, (_, access: string, kind: string) =>
          kind === 'Function' ? `jira:${access.toLowerCase()}` : `secret of jira:${access.toLowerCase()}`
        )
        .replace(/^(route|propose)ModelSecretsRole$/, 'keys of $1')
        .replace(/^Handler$/, 'API')
        .replace(/^ArchiverFunction$/, 'archiver')
        .replace(/^Token$/, 'token');
      return [name, arn];
    })
  );

export interface Asked {
  readonly deployment: Deployment;
  readonly may: (role: string, deed: Deed) => boolean;
}

/** Asks the policies of a synthesised app. */
export const askAssembly = (directory: string): Asked => {
  const ask = openQuestions(directory, () => Date.parse('2030-01-02T03:04:05Z'));
  const decided = (answer: Answer): boolean => {
    if (answer.kind !== 'decided') throw new Error(`no role is meant: ${answer.kind}`);
    return answer.decision.kind === 'allowed';
  };
  return {
    deployment: readDeployment(readAssembly(directory), () => ''),
    may: (role, { action, resource, context = {} }) => decided(ask({ role, action, resource, context })),
  };
};

/** For each row, the letters of what each role may do. */
export const matrixOf = (rows: readonly Row[], { deployment, may }: Asked): readonly (readonly string[])[] => {
  const roles = [...rolesIn(deployment).values()];
  return rows.map(({ deeds }) =>
    roles.map((role) =>
      deeds
        .filter((deed) => may(role, deed))
        .map(({ letter }) => letter)
        .join('')
    )
  );
};

const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;

/** A table for people to read, and for a comparison with what it was. */
export const tableOf = (rows: readonly Row[], asked: Asked): string => {
  const names = [...rolesIn(asked.deployment).keys()];
  const cells = matrixOf(rows, asked);
  return [
    line(['', ...names]),
    line(['---', ...names.map(() => '---')]),
    ...rows.map(({ about }, at) => line([about, ...(cells[at] ?? []).map((letters) => letters || '·')])),
  ].join('\n');
};
