import type { AccessRequest } from './authorize.ts';
import { sessionArnOf } from './authorize.ts';
import type { Close, Decision, PolicyType, Reference } from './decide.ts';

const IN: Readonly<Record<PolicyType, string>> = {
  'identity-based policy': 'an identity-based policy',
  'permissions boundary': 'a permissions boundary',
  'session policy': 'a session policy',
  'resource-based policy': 'a resource-based policy',
  'role trust policy': 'the role trust policy',
};

const statementText = ({ statement, policy, type }: Reference): string => `${statement} of ${policy} (${type})`;

const closeText = (close: Close): string => {
  const detail = close.detail === undefined ? '' : ` (${close.detail})`;
  const failed = close.failed === 'unknown' ? 'rests on what is not known here' : `fails at its ${close.failed}`;
  return `${statementText(close)} ${failed}${detail}`;
};

const MOST_SHOWN = 4;

/** Why it was decided so: the statement, or what came close. Names keys, never their values. */
export const reasonOf = (decision: Decision): string => {
  switch (decision.kind) {
    case 'allowed':
      return `by ${statementText(decision.by)}`;
    case 'explicit-deny':
      return `by the Deny ${statementText(decision.by)}`;
    case 'unknown':
      return `by the Deny ${statementText(decision.by)}, which rests on what is not known here: ${decision.what}`;
    case 'no-allow': {
      const shown = decision.close.slice(0, MOST_SHOWN).map(closeText);
      const more = decision.close.length > MOST_SHOWN ? [`and ${decision.close.length - MOST_SHOWN} more`] : [];
      const close = shown.length === 0 ? 'no statement is about this action' : [...shown, ...more].join('; ');
      return `because no ${decision.type} allows it: ${close}`;
    }
  }
};

type Denied = Exclude<Decision, { kind: 'allowed' }>;

const contextText = (decision: Denied, action: string): string => {
  switch (decision.kind) {
    case 'explicit-deny':
      return `with an explicit deny in ${IN[decision.by.type]}`;
    case 'unknown':
      return `with a deny in ${IN[decision.by.type]} that the local stack cannot judge: it does not know ${decision.what}`;
    case 'no-allow':
      return `because no ${decision.type} allows the ${action} action`;
  }
};

/** The message in AWS's words. */
export const messageOf = (principal: string, action: string, resource: string, decision: Denied): string =>
  `User: ${principal} is not authorized to perform: ${action} on resource: ${resource} ${contextText(decision, action)}`;

/** Who calls, as messages and logs name it. */
export const callerName = (caller: AccessRequest['caller']): string =>
  caller.kind === 'role' ? sessionArnOf(caller) : `${caller.service} for ${caller.sourceArn}`;

/** Callers choose parts of what is logged: nothing but visible ASCII is passed on. */
const visible = (text: string): string =>
  text.replace(/[^\x20-\x7e]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** One line for a log. */
export const denialLine = ({ caller, action, resource }: AccessRequest, decision: Denied): string =>
  visible(`denied: ${callerName(caller)} ${action} on ${resource} ${reasonOf(decision)}`);
