import { randomUUID } from 'node:crypto';
import { roleIdOf, sessionArnOf } from '../iam/authorize.ts';
import type { Caller } from '../iam/credentials.ts';
import { type Assumed, type AssumeRoleOptions, assumeRole } from './assume-role.ts';
import { type Reply, ServiceError } from './exchange.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

const escapeXml = (text: string): string => text.replace(/[<>&"']/g, (character) => `&#${character.charCodeAt(0)};`);

const xml = (status: number, name: string, inner: string): Reply => ({
  status,
  headers: { 'content-type': 'text/xml' },
  body: `<${name} xmlns="${NAMESPACE}">${inner}</${name}>`,
});

const elements = (values: Readonly<Record<string, string>>): string =>
  Object.entries(values)
    .map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`)
    .join('');

export const stsError = ({ name, message, status }: ServiceError): Reply =>
  xml(status, 'ErrorResponse', `<Error>${elements({ Type: 'Sender', Code: name, Message: message })}</Error>`);

const answer = (operation: string, result: string): Reply =>
  xml(
    200,
    `${operation}Response`,
    `<${operation}Result>${result}</${operation}Result><ResponseMetadata>${elements({ RequestId: randomUUID() })}</ResponseMetadata>`
  );

export interface StsOptions extends AssumeRoleOptions {
  readonly account: string;
}

const DENIED = 'AccessDenied';

/** STS: who the caller is, and the roles of the template for those who may assume them. */
export const stsService = ({ account, ...options }: StsOptions) => {
  const assume = (form: URLSearchParams, caller: Caller): Reply => {
    let assumed: Assumed;
    try {
      assumed = assumeRole(form, caller, options);
    } catch (error) {
      if (error instanceof ServiceError && error.name.startsWith(DENIED))
        throw new ServiceError(DENIED, error.message, 403);
      throw error;
    }
    const { accessKeyId, secretAccessKey, sessionToken } = assumed.credentials;
    const keys = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: new Date(assumed.expiresAt).toISOString(),
    };
    const user = elements({ AssumedRoleId: assumed.id, Arn: assumed.arn });
    return answer(
      'AssumeRole',
      `<Credentials>${elements(keys)}</Credentials><AssumedRoleUser>${user}</AssumedRoleUser>`
    );
  };

  return (form: URLSearchParams, caller: Caller): Reply => {
    const operation = form.get('Action') ?? '';
    if (operation === 'AssumeRole') return assume(form, caller);
    if (operation === 'GetCallerIdentity') {
      const administrator = { Arn: `arn:aws:iam::${account}:user/administrator`, UserId: 'administrator' };
      const { Arn, UserId } =
        caller.kind === 'role'
          ? { Arn: sessionArnOf(caller), UserId: `${roleIdOf(caller.roleArn)}:${caller.session}` }
          : administrator;
      return answer(operation, elements({ Arn, UserId, Account: account }));
    }
    throw new ServiceError('InvalidAction', `the local stack does not know the operation ${operation} of this service`);
  };
};
