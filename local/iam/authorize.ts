import { createHash } from 'node:crypto';
import type { Access } from './access.ts';
import { type Context, type Values, valuesOf } from './context.ts';
import type { RoleSession } from './credentials.ts';
import { type Decision, decide } from './decide.ts';
import { isKnownKey } from './keys.ts';
import type { Principal } from './principal.ts';

/** A call that a service of AWS makes for one of the account's resources. */
export interface ServiceCall {
  readonly kind: 'service';
  /** Such as `events.amazonaws.com`. */
  readonly service: string;
  readonly sourceArn: string;
}

/** Condition keys by name, in any case. A function is asked for the value when a policy wants it. */
export type Keys = Readonly<Record<string, unknown>>;

/** One call, as policies see it. */
export interface AccessRequest {
  readonly caller: RoleSession | ServiceCall;
  /** `<service>:<Action>` */
  readonly action: string;
  readonly resource: string;
  /** What only this call has. Keys that speak of the caller are not taken from here. */
  readonly context: Keys;
}

type Target = Pick<AccessRequest, 'resource' | 'context'>;

export type Authorize = (request: AccessRequest) => Decision;

export interface AuthorizerOptions {
  readonly access: Access;
  readonly account: string;
  readonly region: string;
  readonly now: () => number;
  /** Told of each call that is denied. */
  readonly onDenied?: (request: AccessRequest, decision: Exclude<Decision, { kind: 'allowed' }>) => void;
  /**
   * Whether the call's own keys are all there is to know: they then stand before what is known of the caller, and a key that is
   * not among them is absent. Default: false.
   */
  readonly isHypothetical?: boolean;
}

/** `arn:aws:sts::<account>:assumed-role/<role>/<session>` */
export const sessionArnOf = ({ roleArn, session }: Pick<RoleSession, 'roleArn' | 'session'>): string => {
  const [, partition, , , account = '', role = ''] = roleArn.split(':');
  return `arn:${partition}:sts::${account}:assumed-role/${role.split('/').at(-1)}/${session}`;
};

const QUALIFIED_MACHINE = /^(arn:[^:]*:states:[^:]*:[^:]*:stateMachine:[^:]+):([^:]+)$/;

/**
 * Step Functions authorises what names a version or an alias by the ARN of the state machine, and tells policies the qualifier
 * (Developer Guide, "Authorization for versions and aliases").
 */
export const authorisedAs = ({ resource, context }: Target): Target => {
  const [, machine, qualifier = ''] = QUALIFIED_MACHINE.exec(resource) ?? [];
  if (machine === undefined) return { resource, context };
  return { resource: machine, context: { 'states:StateMachineQualifier': [qualifier], ...context } };
};

const ID_LENGTH = 17;

/** A role's unique id, which stays the same: `aws:userid` of its sessions begins with it. */
export const roleIdOf = (roleArn: string): string =>
  `AROA${createHash('sha256').update(roleArn).digest('hex').toUpperCase().slice(0, ID_LENGTH)}`;

const accountOf = (arn: string): string => arn.split(':')[4] ?? '';

/** What is said of a caller whatever it calls. */
interface Known {
  readonly principal: Principal;
  readonly keys: ReadonlyMap<string, Values>;
}

/** Everything here is loopback without TLS: calls are judged as those that reach AWS, which are made over it. */
const EVERY_CALL = { 'aws:securetransport': 'true', 'aws:viaawsservice': 'false' };

const tagKeys = (tags: Readonly<Record<string, string>>): readonly (readonly [string, string])[] =>
  Object.entries(tags).map(([key, value]) => [`aws:principaltag/${key.toLowerCase()}`, value]);

const knownSession = (session: RoleSession, access: Access): Known => {
  const { roleArn } = session;
  const account = accountOf(roleArn);
  const keys: readonly (readonly [string, string | undefined])[] = [
    ...Object.entries(EVERY_CALL),
    ['aws:sourceip', '127.0.0.1'],
    ['aws:principalarn', roleArn],
    ['aws:principalaccount', account],
    ['aws:principaltype', 'AssumedRole'],
    ['aws:principalisawsservice', 'false'],
    ['aws:multifactorauthpresent', 'false'],
    ['aws:userid', `${roleIdOf(roleArn)}:${session.session}`],
    ['aws:tokenissuetime', new Date(session.issuedAt).toISOString()],
    ['lambda:sourcefunctionarn', session.functionArn],
    ...tagKeys(access.role(roleArn)?.tags ?? {}),
    ...tagKeys(session.tags), // which stand for the role's own of the same name
  ];
  const present = keys.filter((entry): entry is readonly [string, string] => entry[1] !== undefined);
  return {
    principal: { kind: 'role', account, roleArn, sessionArn: sessionArnOf(session) },
    keys: new Map(present),
  };
};

const knownService = ({ service, sourceArn }: ServiceCall, account: string): Known => ({
  principal: { kind: 'service', name: service },
  keys: new Map([
    ...Object.entries(EVERY_CALL),
    ['aws:principalisawsservice', 'true'],
    ['aws:principalservicename', service],
    ['aws:sourcearn', sourceArn],
    ['aws:sourceaccount', accountOf(sourceArn) || account],
  ]),
});

/**
 * Judges calls by the policies of the template. A role that the template does not have may do nothing. What a caller is and
 * how it is tagged comes from its session alone.
 */
export const createAuthorizer = (options: AuthorizerOptions): Authorize => {
  const { access, account, region, now, onDenied, isHypothetical = false } = options;
  const sessions = new WeakMap<RoleSession, Known>();

  const knownOf = (caller: AccessRequest['caller']): Known => {
    if (caller.kind === 'service') return knownService(caller, account);
    const known = sessions.get(caller) ?? knownSession(caller, access);
    sessions.set(caller, known);
    return known;
  };

  const contextFor = ({ action, resource, context }: AccessRequest, { keys }: Known): Context => {
    const own = new Map(Object.entries(context).map(([key, value]) => [key.toLowerCase(), value]));
    const computed = (key: string): Values | undefined => {
      if (key === 'aws:currenttime') return new Date(now()).toISOString();
      if (key === 'aws:epochtime') return String(Math.floor(now() / 1000));
      if (key === 'aws:requestedregion') return region;
      return key === 'aws:resourceaccount' ? accountOf(resource) || account : undefined;
    };
    return {
      get: (key) => {
        const given = own.get(key);
        const value = valuesOf(typeof given === 'function' ? given() : given);
        return (isHypothetical ? (value ?? keys.get(key)) : (keys.get(key) ?? value)) ?? computed(key);
      },
      isKnown: (key) => isHypothetical || own.has(key) || isKnownKey(key, action),
    };
  };

  return (request) => {
    const { caller, action, resource } = request;
    const known = knownOf(caller);
    const role = caller.kind === 'role' ? access.role(caller.roleArn) : undefined;
    const decision = decide(
      { principal: known.principal, action, resource, context: contextFor(request, known) },
      {
        identity: role?.identity ?? [],
        boundary: role?.boundary,
        session: caller.kind === 'role' ? caller.policies : undefined,
        resource: access.resource(action, resource),
      }
    );
    if (decision.kind !== 'allowed') onDenied?.(request, decision);
    return decision;
  };
};
