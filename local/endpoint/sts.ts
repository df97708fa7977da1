import { randomUUID } from 'node:crypto';
import { roleIdOf, sessionArnOf } from '../iam/authorize.ts';
import type { Caller } from '../iam/credentials.ts';
import { type AssumeRoleOptions, assumeRole } from './assume-role.ts';
import { type Reply, ServiceError } from './exchange.ts';
import { document, type Xml } from './xml.ts';

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

const answer = (operation: string, result: Xml): Reply => {
  const RequestId = randomUUID();
  const content = { [`${operation}Result`]: result, ResponseMetadata: { RequestId } };
  return {
    status: 200,
    headers: { 'content-type': 'text/xml', 'x-amzn-requestid': RequestId },
    body: document(`${operation}Response`, NAMESPACE, content),
  };
};

export interface StsOptions extends AssumeRoleOptions {
  readonly account: string;
}

/** STS: who the caller is, and the roles of the template for those who may assume them. */
export const stsService = ({ account, ...options }: StsOptions) => {
  const assume = (form: URLSearchParams, caller: Caller): Reply => {
    const assumed = assumeRole(form, caller, options);
    const { accessKeyId, secretAccessKey, sessionToken } = assumed.credentials;
    const keys = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: new Date(assumed.expiresAt).toISOString(),
    };
    return answer('AssumeRole', {
      Credentials: keys,
      AssumedRoleUser: { AssumedRoleId: assumed.id, Arn: assumed.arn },
    });
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
      return answer(operation, { Arn, UserId, Account: account });
    }
    throw new ServiceError('InvalidAction', `the local stack does not know the operation ${operation} of this service`);
  };
};
