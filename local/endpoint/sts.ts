import { randomUUID } from 'node:crypto';
import type { Authorize } from '../iam/authorize.ts';
import type { Caller, CredentialStore } from '../iam/credentials.ts';
import type { Role } from '../template/roles.ts';
import { type Reply, ServiceError } from './exchange.ts';
import { guardFor, sessionArnOf } from './operation.ts';
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

/** `Tags.member.1.Key=tenant&Tags.member.1.Value=demo` */
const tagsIn = (form: URLSearchParams): Readonly<Record<string, string>> => {
  const tags: Record<string, string> = {};
  for (let n = 1; form.has(`Tags.member.${n}.Key`); n += 1) {
    tags[form.get(`Tags.member.${n}.Key`) ?? ''] = form.get(`Tags.member.${n}.Value`) ?? '';
  }
  return tags;
};

export interface StsOptions {
  readonly account: string;
  readonly roles: readonly Role[];
  readonly credentials: CredentialStore;
  readonly authorize: Authorize;
  readonly now: () => number;
}

/** STS: who the caller is, and the roles of the template for those who may assume them. */
export const stsService = ({ account, roles, credentials, authorize, now }: StsOptions) => {
  const assumeRole = (form: URLSearchParams, caller: Caller): Reply => {
    const roleArn = form.get('RoleArn') ?? '';
    const session = form.get('RoleSessionName') ?? '';
    const seconds = Number(form.get('DurationSeconds') ?? 3600);
    if (!/^[\w+=,.@-]{2,64}$/.test(session)) {
      throw new ServiceError('ValidationError', 'RoleSessionName must have 2 to 64 letters, digits or any of +=,.@-');
    }
    if (!(seconds >= 900 && seconds <= 43_200)) {
      throw new ServiceError('ValidationError', 'DurationSeconds must lie between 900 and 43200');
    }
    const tags = tagsIn(form);
    const context = Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:RequestTag/${key}`, value]));
    try {
      guardFor(caller, 'sts:AssumeRole', authorize)(roleArn, context);
      if (Object.keys(tags).length > 0) guardFor(caller, 'sts:TagSession', authorize)(roleArn, context);
    } catch (error) {
      throw error instanceof ServiceError ? new ServiceError('AccessDenied', error.message, 403) : error;
    }
    const role = roles.find(({ arn }) => arn === roleArn);
    if (role === undefined) throw new ServiceError('AccessDenied', `the template has no role ${roleArn}`, 403);
    const expiresAt = now() + seconds * 1000;
    const { accessKeyId, secretAccessKey, sessionToken } = credentials.issue({ roleArn, session, tags }, expiresAt);
    const Arn = sessionArnOf({ kind: 'role', roleArn, session, tags });
    const keys = {
      AccessKeyId: accessKeyId,
      SecretAccessKey: secretAccessKey,
      SessionToken: sessionToken,
      Expiration: new Date(expiresAt).toISOString(),
    };
    return answer('AssumeRole', {
      Credentials: keys,
      AssumedRoleUser: { AssumedRoleId: `${accessKeyId}:${session}`, Arn },
    });
  };

  return (form: URLSearchParams, caller: Caller): Reply => {
    const operation = form.get('Action') ?? '';
    if (operation === 'AssumeRole') return assumeRole(form, caller);
    if (operation === 'GetCallerIdentity') {
      const Arn = caller.kind === 'role' ? sessionArnOf(caller) : `arn:aws:iam::${account}:user/administrator`;
      return answer(operation, { Arn, UserId: Arn.split('/').at(-1) ?? '', Account: account });
    }
    throw new ServiceError('InvalidAction', `the local stack does not know the operation ${operation} of this service`);
  };
};
