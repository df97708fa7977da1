import { readAssembly } from '../template/assembly.ts';
import { type Deployment, readDeployment } from '../template/deployment.ts';
import { compileAccess } from './access.ts';
import { authorisedAs, createAuthorizer, type Keys } from './authorize.ts';
import type { RoleSession } from './credentials.ts';
import type { Decision } from './decide.ts';

/** What somebody wants to know of a template. */
export interface Inquiry {
  /** A role's name, ARN, logical id or construct's path, that of a function or state machine, or a part of one of them. */
  readonly role: string;
  readonly action: string;
  readonly resource: string;
  /** The condition keys that the call would have. */
  readonly context: Keys;
}

export type Answer =
  | { readonly kind: 'decided'; readonly roleArn: string; readonly decision: Decision }
  /** None or several roles are meant: the candidates, each as `<stack>/<logical id>`. */
  | { readonly kind: 'no-such-role' | 'ambiguous-role'; readonly candidates: readonly string[] };

interface Named {
  readonly roleArn: string;
  readonly names: readonly string[];
}

const namesOf = (at: string, ...others: readonly string[]): readonly string[] => [
  at,
  at.slice(at.indexOf('/') + 1),
  ...others,
];

/** Every name by which a role is known: its own, and those of what acts under it. */
const namedRoles = ({ roles, access }: Deployment): readonly Named[] => [
  ...roles.map(({ at, name, arn }) => ({ roleArn: arn, names: namesOf(at, name, arn) })),
  ...access.actors.map(({ at, name, arn, roleArn }) => ({ roleArn, names: namesOf(at, name, arn) })),
];

/** A logical id is a construct's path without its slashes, so that `Triage/decide/Role` is found by letters and digits alone. */
const lettersOf = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** The role that a name means: one that is called so, else one that has it in its name. */
const roleFinder = (deployment: Deployment): ((wanted: string) => readonly string[]) => {
  const known = new Set(deployment.roles.map(({ arn }) => arn));
  const named = namedRoles(deployment).filter(({ roleArn }) => known.has(roleArn));
  const having = (fits: (name: string) => boolean): readonly string[] => [
    ...new Set(named.filter(({ names }) => names.some(fits)).map(({ roleArn }) => roleArn)),
  ];
  return (wanted) => {
    const exact = having((name) => name === wanted);
    if (exact.length > 0 || wanted === '') return exact;
    const part = wanted.toLowerCase();
    const partly = having((name) => name.toLowerCase().includes(part));
    if (partly.length > 0 || lettersOf(part) === '') return partly;
    return having((name) => lettersOf(name).includes(lettersOf(part)));
  };
};

/**
 * Answers from a synthesised template alone, whatever runs. A key that an inquiry does not give is absent, but for what follows
 * from the role and the time. Throws an `Error` for an assembly or policy that cannot be read.
 */
export const openQuestions = (assembly: string, now: () => number): ((inquiry: Inquiry) => Answer) => {
  const deployment = readDeployment(readAssembly(assembly), () => 'https://api.local');
  const { account, region, roles } = deployment;
  const authorize = createAuthorizer({ access: compileAccess(deployment), account, region, now, isHypothetical: true });
  const find = roleFinder(deployment);
  const sessions = new Map<string, RoleSession>();
  const sessionOf = (roleArn: string): RoleSession => {
    const session = sessions.get(roleArn) ?? { kind: 'role', roleArn, session: 'session', tags: {}, issuedAt: now() };
    sessions.set(roleArn, session);
    return session;
  };
  const placeOf = (arn: string): string => roles.find((role) => role.arn === arn)?.at ?? arn;

  return ({ role, action, resource, context }) => {
    const [roleArn, another] = find(role);
    if (roleArn === undefined) return { kind: 'no-such-role', candidates: roles.map(({ at }) => at) };
    if (another !== undefined) return { kind: 'ambiguous-role', candidates: find(role).map(placeOf) };
    return {
      kind: 'decided',
      roleArn,
      decision: authorize({ caller: sessionOf(roleArn), action, ...authorisedAs({ resource, context }) }),
    };
  };
};
