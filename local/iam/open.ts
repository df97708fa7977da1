import { appendFileSync } from 'node:fs';
import type { Deployment } from '../template/deployment.ts';
import { type Access, compileAccess } from './access.ts';
import { type Authorize, createAuthorizer } from './authorize.ts';
import { denialLine, reasonOf } from './denial.ts';

export interface IamOptions {
  readonly deployment: Pick<Deployment, 'account' | 'region' | 'roles' | 'managedPolicies' | 'access'>;
  /** Takes a line for each call that is denied, with its time. */
  readonly file: string;
  readonly now: () => number;
  readonly log: (line: string) => void;
}

export interface Iam {
  readonly access: Access;
  readonly authorize: Authorize;
}

const SERVICES = { function: 'lambda.amazonaws.com', 'state machine': 'states.amazonaws.com' } as const;

/** A service acts under a role only if the role trusts it: what AWS would refuse to deploy does not start here. */
const checkTrust = ({ actors }: Deployment['access'], access: Access, authorize: Authorize): void => {
  for (const { at, kind, arn, roleArn } of actors) {
    if (access.role(roleArn) === undefined) continue; // and so may do nothing
    const service = SERVICES[kind];
    const caller = { kind: 'service', service, sourceArn: arn } as const;
    const decision = authorize({ caller, action: 'sts:AssumeRole', resource: roleArn, context: {} });
    if (decision.kind === 'allowed') continue;
    throw new Error(
      `${at}: its role ${roleArn} must let ${service} assume it, and is not made so: denied ${reasonOf(decision)}`
    );
  }
};

/**
 * Compiles the template's policies, to judge every call by them. Throws an `Error` that names role, policy and statement for a
 * policy that IAM would not take, and the function or state machine whose role does not trust its service.
 */
export const openIam = ({ deployment, file, now, log }: IamOptions): Iam => {
  const access = compileAccess(deployment);
  for (const what of access.unknown) log(`${what}: it allows nothing, and a Deny denies`);
  const { account, region } = deployment;
  checkTrust(deployment.access, access, createAuthorizer({ access, account, region, now }));
  const authorize = createAuthorizer({
    access,
    account,
    region,
    now,
    onDenied: (request, decision) => {
      const line = denialLine(request, decision);
      log(line);
      appendFileSync(file, `${new Date(now()).toISOString()} ${line}\n`, { mode: 0o600 });
    },
  });
  return { access, authorize };
};
