import type { Context } from './context.ts';
import type { Policy, Statement } from './document.ts';
import { unresolvedIn } from './pattern.ts';
import { covers, type Naming, type Principal } from './principal.ts';

/** What policies are asked. */
export interface Question {
  readonly principal: Principal;
  /** `<service>:<Action>` */
  readonly action: string;
  readonly resource: string;
  readonly context: Context;
}

export type PolicyType =
  | 'identity-based policy'
  | 'permissions boundary'
  | 'session policy'
  | 'resource-based policy'
  | 'role trust policy';

/** A statement, by the policy it stands in. */
export interface Reference {
  readonly type: PolicyType;
  readonly policy: string;
  readonly statement: string;
}

/** A statement that allows the action, but not this call: and what it failed at. */
export interface Close extends Reference {
  readonly failed: 'principal' | 'resource' | 'condition' | 'unknown';
  /** The operator and key of the condition, or what is not known. */
  readonly detail?: string;
}

export type Decision =
  | { readonly kind: 'allowed'; readonly by: Reference }
  | { readonly kind: 'explicit-deny'; readonly by: Reference }
  /** A Deny about this action and resource rests on something that is not known here. */
  | { readonly kind: 'unknown'; readonly by: Reference; readonly what: string }
  /** No policy of this type allows it. */
  | { readonly kind: 'no-allow'; readonly type: PolicyType; readonly close: readonly Close[] };

/** The policies that bear on a call. */
export interface Policies {
  readonly identity: readonly Policy[];
  readonly boundary: Policy | undefined;
  /** Those passed when the session was begun; `undefined` for none. One of them must allow. */
  readonly session: readonly Policy[] | undefined;
  readonly resource:
    | {
        readonly policies: readonly Policy[];
        /** Whether they must allow: those of roles and keys. Of others, it is enough that some policy does. */
        readonly mustAllow: boolean;
        readonly type: 'resource-based policy' | 'role trust policy';
      }
    | undefined;
}

type Finding =
  | { readonly kind: 'applies'; readonly naming: Naming }
  | { readonly kind: 'fails'; readonly at: Close['failed']; readonly detail?: string };

const conditionsOf = (statement: Statement, variable: string | undefined, context: Context): Finding | undefined => {
  let unknown = statement.unknown ?? (variable && `the policy variable ${variable}`);
  for (const { operator, key, outcome } of statement.clauses) {
    const found = outcome(context);
    if (found === 'not-met') return { kind: 'fails', at: 'condition', detail: `${operator} of ${key}` };
    if (found !== 'met') unknown ??= found.unknown;
  }
  return unknown === undefined ? undefined : { kind: 'fails', at: 'unknown', detail: unknown };
};

const find = (statement: Statement, { principal, resource, context }: Question, isBounded: boolean): Finding => {
  const naming = statement.principal && covers(statement.principal, principal, statement.effect, isBounded);
  if (statement.principal !== undefined && naming === undefined) return { kind: 'fails', at: 'principal' };
  const { exceptsResources, resourceVariables } = statement;
  const variable = unresolvedIn(resourceVariables, context, exceptsResources);
  // a resource of which a part is not known may be this one; what is excepted is so whatever else would be
  const isKnown = statement.unknown === undefined && (variable === undefined || exceptsResources);
  if (isKnown && !statement.hasResource(resource, context)) return { kind: 'fails', at: 'resource' };
  return conditionsOf(statement, variable, context) ?? { kind: 'applies', naming: naming ?? 'direct' };
};

/** What the policies of one type say. */
interface Tally {
  readonly deny: Decision | undefined;
  readonly allow: { readonly by: Reference; readonly naming: Naming } | undefined;
  readonly close: readonly Close[];
}

const STRENGTH: Readonly<Record<Naming, number>> = { direct: 2, role: 1, account: 0 };

const tally = (policies: readonly Policy[], type: PolicyType, question: Question, isBounded = false): Tally => {
  let allow: Tally['allow'];
  let deny: Tally['deny'];
  const close: Close[] = [];
  const action = question.action.toLowerCase();
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (!statement.hasAction(action)) continue;
      const finding = find(statement, question, isBounded);
      const by: Reference = { type, policy: policy.name, statement: statement.name };
      if (statement.effect === 'Deny') {
        if (finding.kind === 'applies' && deny?.kind !== 'explicit-deny') deny = { kind: 'explicit-deny', by };
        if (finding.kind === 'fails' && finding.at === 'unknown')
          deny ??= { kind: 'unknown', by, what: finding.detail ?? '' };
      } else if (finding.kind === 'applies') {
        if (allow === undefined || STRENGTH[finding.naming] > STRENGTH[allow.naming])
          allow = { by, naming: finding.naming };
      } else {
        const detail = finding.detail === undefined ? {} : { detail: finding.detail };
        close.push({ ...by, failed: finding.at, ...detail });
      }
    }
  }
  return { deny, allow, close };
};

const NOTHING: Tally = { deny: undefined, allow: undefined, close: [] };

/**
 * Decides as AWS does within one account. An explicit Deny in any policy decides first. A resource's policy that names the
 * session, or a service, allows by itself; one that names the role allows within boundary and session policies; one that
 * names the account leaves it to identity-based policies.
 */
export const decide = (question: Question, policies: Policies): Decision => {
  const { boundary, session, resource } = policies;
  const identity = tally(policies.identity, 'identity-based policy', question);
  const limits = boundary && tally([boundary], 'permissions boundary', question);
  const passed = session && tally(session, 'session policy', question);
  const type = resource?.type ?? 'resource-based policy';
  const owned = resource === undefined ? NOTHING : tally(resource.policies, type, question, boundary !== undefined);

  const denials = [identity.deny, limits?.deny, passed?.deny, owned.deny].filter((deny) => deny !== undefined);
  const denial = denials.find(({ kind }) => kind === 'explicit-deny') ?? denials[0];
  if (denial !== undefined) return denial;

  const granted = owned.allow;
  if (granted?.naming === 'direct') return { kind: 'allowed', by: granted.by };
  if (question.principal.kind === 'service' || (resource?.mustAllow === true && granted === undefined))
    return { kind: 'no-allow', type, close: owned.close };
  const by = granted?.naming === 'role' ? granted.by : identity.allow?.by;
  if (by === undefined) return { kind: 'no-allow', type: 'identity-based policy', close: identity.close };
  if (limits !== undefined && limits.allow === undefined)
    return { kind: 'no-allow', type: 'permissions boundary', close: limits.close };
  if (passed !== undefined && passed.allow === undefined)
    return { kind: 'no-allow', type: 'session policy', close: passed.close };
  return { kind: 'allowed', by };
};
