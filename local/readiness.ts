import { parseProgram } from './states/parse.ts';
import type { Machine } from './states/record.ts';
import type { Deployment } from './template/deployment.ts';

/** The machine that each ARN starts: an alias starts the version it leads to. */
export const machinesByArn = ({ machines }: Deployment): ReadonlyMap<string, Machine> =>
  new Map(
    machines.flatMap(({ startableAs, roleArn, definition }) =>
      [...startableAs].map(([arn, started]) => [arn, { arn: started, roleArn, definition }])
    )
  );

const checkIssuers = ({ apis, userPools }: Deployment): void => {
  for (const { routes } of apis) {
    for (const { key, authorizer } of routes) {
      if (authorizer === undefined || userPools.some(({ issuer }) => issuer === authorizer.issuer)) continue;
      throw new Error(`route ${key}: its issuer ${authorizer.issuer} is no user pool of the template`);
    }
  }
};

/** What cannot be carried out is said at once, not at the first start of an execution. */
const checkMachines = ({ machines }: Deployment): void => {
  const problems = machines.flatMap(({ at, definition }) => {
    try {
      parseProgram(definition);
      return [];
    } catch (error) {
      return [`${at}: ${error instanceof Error ? error.message : error}`];
    }
  });
  if (problems.length > 0) throw new Error(problems.join('\n'));
};

/** Throws an `Error` for what of a deployment cannot be run, of all state machines at once. */
export const checkDeployment = (deployment: Deployment): void => {
  checkIssuers(deployment);
  checkMachines(deployment);
};
