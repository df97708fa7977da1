import { BY_TENANT, prefix } from '../../../lambdas/core/tables.ts';
import type { Deployment } from '../../../local/template/deployment.ts';
import type { Deed, Row } from './matrix.ts';

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

/** Everything that would matter if the wrong role could do it. */
export const sensitiveRows = ({ account, region, tables, functions, machines, roles, access }: Deployment): Row[] => {
  const find = <T extends { readonly name: string }>(what: readonly T[], part: string): T => {
    const found = what.find(({ name }) => name.includes(part));
    if (found === undefined) throw new Error(`the template has no ${part}`);
    return found;
  };
  const state = find(tables, 'LedgerState').arn;
  const audit = find(tables, 'LedgerAudit').arn;
  const [machine] = machines;
  const secret = (path: string): string => `arn:aws:secretsmanager:${region}:${account}:secret:writ/${path}-AbCdEf`;
  const [keyArn = ''] = access.keys.values();
  const roleOf = (part: string): string => find(roles, part).arn;
  const tag = { 'aws:RequestTag/tenant': 'demo', 'aws:TagKeys': ['tenant'] };

  const partitions: readonly string[] = [
    prefix.input,
    prefix.question,
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
    prefix.rate('crm.update'),
    prefix.cap('ticket-triage'),
    prefix.cap('refunds'),
    prefix.rollout,
    'ELSE#',
  ];
  const functionRows = ['JiraRead', 'JiraWrite', 'TicketTriagedecide', 'TicketTriagepropose'].flatMap((part) => {
    const { arn, name } = find(functions, part);
    const short = name.replace(/^.*?-(Jira|TicketTriage)/, '$1').replace(/Function.*|[0-9A-F]{8}-.*/, '');
    return [
      { about: `invoke a version of ${short}`, deeds: one('lambda:InvokeFunction', `${arn}:1`) },
      { about: `invoke ${short} without a version`, deeds: one('lambda:InvokeFunction', arn) },
    ];
  });
  return [
    ...partitions.map((start) => ({ about: `state \`${start}\``, deeds: onItem(state, `${start}demo#x`) })),
    { about: 'state, a partition nobody names', deeds: one('dynamodb:Query', state) },
    { about: 'state, scan', deeds: one('dynamodb:Scan', state) },
    ...[prefix.tenant, prefix.executing, prefix.roots].map((start) => ({
      about: `index \`${BY_TENANT}\`, \`${start}\``,
      deeds: onItem(`${state}/index/${BY_TENANT}`, `${start}demo`).filter(({ letter }) => letter === 'q'),
    })),
    { about: 'audit `RUN#`', deeds: onItem(audit, `${prefix.run}demo#x`) },
    { about: 'audit `CONTROL#`', deeds: onItem(audit, `${prefix.control}global`) },
    { about: 'audit, scan', deeds: one('dynamodb:Scan', audit) },
    { about: 'delete a table', deeds: one('dynamodb:DeleteTable', audit) },
    {
      about: "decrypt with the tables' key, through DynamoDB",
      deeds: one('kms:Decrypt', keyArn, { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` }),
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
    { about: 'answer a task token', deeds: one('states:SendTaskSuccess', machine?.arn ?? '') },
    { about: 'stop an execution', deeds: one('states:StopExecution', machine?.arn ?? '') },
    { about: 'change the state machine', deeds: one('states:UpdateStateMachine', machine?.arn ?? '') },
    { about: 'pass a role', deeds: one('iam:PassRole', roleOf('JiraWriteSecretsRole')) },
    { about: 'change a policy', deeds: one('iam:PutRolePolicy', roleOf('JiraWriteSecretsRole')) },
  ];
};
