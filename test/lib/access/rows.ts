import { BY_DAY, BY_TENANT, cacheWriter, prefix } from '../../../lambdas/core/tables.ts';
import type { Deployment } from '../../../local/template/deployment.ts';
import { type Deed, type Row, rolesIn } from './matrix.ts';

const onItem = (table: string, key: string): readonly Deed[] =>
  (
    [
      ['r', 'GetItem'],
      ['q', 'Query'],
      ['p', 'PutItem'],
      ['u', 'UpdateItem'],
      ['d', 'DeleteItem'],
      ['c', 'ConditionCheckItem'],
    ] as const
  ).map(([letter, operation]) => ({
    letter,
    action: `dynamodb:${operation}`,
    resource: table,
    context: { 'dynamodb:LeadingKeys': [key] },
  }));

const one = (action: string, resource: string, context = {}): readonly Deed[] => [
  { letter: 'yes', action, resource, context },
];

/** What a deployment with models adds: keys of providers, and Bedrock's models. */
export const modelRows = (
  { account, region, roles, tables }: Deployment,
  provider: string,
  models: readonly string[]
): Row[] => {
  const key = `arn:aws:secretsmanager:${region}:${account}:secret:writ/demo/model/${provider}-AbCdEf`;
  const secretsRole = roles.find(({ name }) => name.includes('ModelSecretsRole'))?.arn ?? '';
  const tag = { 'aws:RequestTag/tenant': 'demo', 'aws:TagKeys': ['tenant'] };
  const state = tables.find(({ name }) => name.includes('LedgerState'))?.arn ?? '';
  return [
    {
      about: `key of ${provider}, its own tenant's session`,
      deeds: one('secretsmanager:GetSecretValue', key, { 'aws:PrincipalTag/tenant': 'demo' }),
    },
    {
      about: `key of ${provider}, another tenant's session`,
      deeds: one('secretsmanager:GetSecretValue', key, { 'aws:PrincipalTag/tenant': 'other' }),
    },
    { about: `key of ${provider}, no tenant`, deeds: one('secretsmanager:GetSecretValue', key) },
    {
      about: `key of a provider that is not configured, its own tenant's session`,
      deeds: one('secretsmanager:GetSecretValue', key.replace(provider, 'mistral'), {
        'aws:PrincipalTag/tenant': 'demo',
      }),
    },
    { about: "assume the keys' role for a tenant", deeds: one('sts:AssumeRole', secretsRole, tag) },
    { about: "assume the keys' role for no tenant", deeds: one('sts:AssumeRole', secretsRole) },
    ...(
      [
        ['completion', cacheWriter('propose', 'ticket-triage')],
        ['completion', cacheWriter('route', 'ticket-triage')],
        ['completion', cacheWriter('propose', 'ticket-triage-2')],
        ['reading', 'jira:read'],
      ] as const
    ).map(([kind, writer]) => ({
      about: `state \`${prefix.cache(kind, writer)}\``,
      deeds: onItem(state, `${prefix.cache(kind, writer)}demo#x`),
    })),
    ...models.map((model) => ({
      about: `invoke ${model.replace(`:${account}:`, '::').replace(/^arn:aws:bedrock:/, '')}`,
      deeds: one('bedrock:InvokeModel', model),
    })),
  ];
};

/** Everything that would matter if the wrong role could do it. */
export const sensitiveRows = (deployment: Deployment): Row[] => {
  const { account, region, tables, functions, machines, roles, access, buckets } = deployment;
  const find = <T extends { readonly name: string }>(what: readonly T[], part: string): T => {
    const found = what.find(({ name }) => name.includes(part));
    if (found === undefined) throw new Error(`the template has no ${part}`);
    return found;
  };
  const state = find(tables, 'LedgerState').arn;
  const audit = find(tables, 'LedgerAudit').arn;
  const machine = machines.find(({ name }) => !name.includes('Undo'));
  const undo = find(machines, 'Undo').arn;
  const archive = buckets[0]?.arn ?? '';
  const secret = (path: string): string => `arn:aws:secretsmanager:${region}:${account}:secret:writ/${path}-AbCdEf`;
  const [keyArn = ''] = access.keys.values();
  const roleOf = (part: string): string => find(roles, part).arn;
  const tag = { 'aws:RequestTag/tenant': 'demo', 'aws:TagKeys': ['tenant'] };

  const partitions: readonly string[] = [
    prefix.input,
    prefix.question,
    prefix.request,
    prefix.approval,
    prefix.run,
    prefix.plan,
    prefix.read('jira:read'),
    prefix.read('crm:read'),
    prefix.writ('jira:write'),
    prefix.writ('crm:write'),
    prefix.claim('jira:write'),
    prefix.claim('crm:write'),
    prefix.escalation,
    ...['global#', 'tenant:', 'workflow:ticket-triage#', 'workflow:refunds#'].map(prefix.controlOf),
    ...['scope:jira:read#', 'scope:jira:write#', 'scope:crm:read#'].map(prefix.controlOf),
    prefix.budget.run,
    prefix.budget.workflow('ticket-triage'),
    prefix.budget.workflow('refunds'),
    prefix.budget.tenant,
    prefix.rate('jira.assign'),
    prefix.rate('jira.restore-components'),
    prefix.rate('crm.update'),
    prefix.cap('ticket-triage'),
    prefix.cap('refunds'),
    prefix.rollout,
    prefix.cache('completion', cacheWriter('propose', 'ticket-triage')),
    prefix.cache('reading', 'jira:read'),
    'ELSE#',
  ];
  // every function has a role of its own, and goes by that
  const names = new Map([...rolesIn(deployment)].map(([name, arn]) => [arn, name]));
  const functionRows = functions.flatMap(({ arn, roleArn }) => [
    { about: `invoke a version of ${names.get(roleArn)}`, deeds: one('lambda:InvokeFunction', `${arn}:1`) },
    { about: `invoke ${names.get(roleArn)} without a version`, deeds: one('lambda:InvokeFunction', arn) },
  ]);
  return [
    ...partitions.map((start) => ({ about: `state \`${start}\``, deeds: onItem(state, `${start}demo#x`) })),
    { about: 'state, a partition nobody names', deeds: one('dynamodb:Query', state) },
    { about: 'state, scan', deeds: one('dynamodb:Scan', state) },
    ...[prefix.tenant, prefix.executing, prefix.pending, prefix.roots].map((start) => ({
      about: `index \`${BY_TENANT}\`, \`${start}\``,
      deeds: onItem(`${state}/index/${BY_TENANT}`, `${start}demo`).filter(({ letter }) => letter === 'q'),
    })),
    { about: 'audit `RUN#`', deeds: onItem(audit, `${prefix.run}demo#x`) },
    { about: 'audit `CONTROL#`', deeds: onItem(audit, `${prefix.control}global`) },
    {
      about: `index \`${BY_DAY}\`, \`${prefix.heads}\``,
      deeds: onItem(`${audit}/index/${BY_DAY}`, `${prefix.heads}2030-01-02#0`).filter(({ letter }) => letter === 'q'),
    },
    ...['chains/x', 'leaves/x', 'roots/x', 'else/x'].map((key) => ({
      about: `archive \`${key.slice(0, -1)}\``,
      deeds: [
        { letter: 'r', action: 's3:GetObject', resource: `${archive}/${key}` },
        { letter: 'q', action: 's3:ListBucket', resource: archive, context: { 's3:prefix': key } },
        { letter: 'p', action: 's3:PutObject', resource: `${archive}/${key}` },
        { letter: 'd', action: 's3:DeleteObject', resource: `${archive}/${key}` },
      ],
    })),
    { about: 'delete a version in the archive', deeds: one('s3:DeleteObjectVersion', `${archive}/roots/x`) },
    {
      about: 'delete or shorten a lock in the archive',
      deeds: ['PutObjectRetention', 'PutObjectLegalHold', 'BypassGovernanceRetention'].flatMap((action) =>
        one(`s3:${action}`, `${archive}/roots/x`)
      ),
    },
    { about: "change the archive's lock", deeds: one('s3:PutBucketObjectLockConfiguration', archive) },
    { about: "change the archive's versioning", deeds: one('s3:PutBucketVersioning', archive) },
    { about: 'audit, scan', deeds: one('dynamodb:Scan', audit) },
    { about: 'delete a table', deeds: one('dynamodb:DeleteTable', audit) },
    {
      about: "decrypt with the tables' key, through DynamoDB",
      deeds: one('kms:Decrypt', keyArn, { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` }),
    },
    {
      about: "decrypt with the tables' key, through S3",
      deeds: one('kms:Decrypt', keyArn, { 'kms:ViaService': `s3.${region}.amazonaws.com` }),
    },
    { about: "decrypt with the tables' key, otherwise", deeds: one('kms:Decrypt', keyArn) },
    { about: "delete the tables' key", deeds: one('kms:ScheduleKeyDeletion', keyArn) },
    ...(['jira/read', 'jira/write'] as const).flatMap((path) => [
      {
        about: `secret of ${path}, its own tenant's session`,
        deeds: one('secretsmanager:GetSecretValue', secret(`demo/${path}`), { 'aws:PrincipalTag/tenant': 'demo' }),
      },
      {
        about: `secret of ${path}, another tenant's session`,
        deeds: one('secretsmanager:GetSecretValue', secret(`demo/${path}`), { 'aws:PrincipalTag/tenant': 'other' }),
      },
      { about: `secret of ${path}, no tenant`, deeds: one('secretsmanager:GetSecretValue', secret(`demo/${path}`)) },
    ]),
    { about: 'change a secret', deeds: one('secretsmanager:PutSecretValue', secret('demo/jira/write')) },
    ...(['JiraRead', 'JiraWrite'] as const).flatMap((scope) => [
      {
        about: `assume the secret's role of ${scope} for a tenant`,
        deeds: one('sts:AssumeRole', roleOf(`${scope}SecretsRole`), tag),
      },
      { about: `assume it for no tenant (${scope})`, deeds: one('sts:AssumeRole', roleOf(`${scope}SecretsRole`)) },
    ]),
    ...functionRows,
    { about: "change a function's code", deeds: one('lambda:UpdateFunctionCode', find(functions, 'JiraWrite').arn) },
    {
      about: "change a function's concurrency",
      deeds: one('lambda:PutFunctionConcurrency', find(functions, 'JiraWrite').arn),
    },
    { about: 'start an execution', deeds: one('states:StartExecution', machine?.arn ?? '') },
    { about: 'start an undo', deeds: one('states:StartExecution', undo) },
    { about: 'answer a task token of an undo', deeds: one('states:SendTaskSuccess', undo) },
    { about: 'answer a task token', deeds: one('states:SendTaskSuccess', machine?.arn ?? '') },
    { about: 'stop an execution', deeds: one('states:StopExecution', machine?.arn ?? '') },
    { about: 'change the state machine', deeds: one('states:UpdateStateMachine', machine?.arn ?? '') },
    { about: 'pass a role', deeds: one('iam:PassRole', roleOf('JiraWriteSecretsRole')) },
    { about: 'change a policy', deeds: one('iam:PutRolePolicy', roleOf('JiraWriteSecretsRole')) },
  ];
};
