import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { prefix } from '../../lambdas/core/tables.ts';
import { bundleProject } from '../../lib/prepare.ts';
import { synth } from '../../lib/synth.ts';
import { compose } from './compose.ts';
import { ofType, readTemplate, roleOf, type Statement, statementsOf, type Template, target } from './templates.ts';

let folder: string;
let data: Template;
let workflows: Template;
let api: Template;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'writ-synth-'));
  const { directory } = await synth({ outdir: join(folder, 'first') });
  data = readTemplate(directory, 'Writ-Data');
  workflows = readTemplate(directory, 'Writ-Workflows');
  api = readTemplate(directory, 'Writ-Api');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const functionsOf = (template: Template) => ofType(template, 'AWS::Lambda::Function');
const named = (step: string): readonly Statement[] => statementsOf(workflows, roleOf(workflows, `TicketTriage${step}`));
const actionsOf = (statements: readonly Statement[]) => statements.flatMap(({ actions }) => actions);
const isAbout = (part: string) => (statement: Statement) => JSON.stringify(statement.resources).includes(part);
const onState = (statements: readonly Statement[], action: string) =>
  statements.filter(isAbout('LedgerState')).filter(({ actions }) => actions.includes(`dynamodb:${action}`));
const keysFor = (statements: readonly Statement[], action: string) =>
  onState(statements, action)
    .flatMap(({ prefixes }) => prefixes)
    .sort();

describe('data', () => {
  it('outlives its stack, encrypted with a key of its own that rotates', () => {
    const tables = ofType(data, 'AWS::DynamoDB::Table');
    expect(tables).toHaveLength(2);
    for (const [, { Properties, DeletionPolicy, UpdateReplacePolicy }] of tables) {
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
      expect(Properties).toMatchObject({
        BillingMode: 'PAY_PER_REQUEST',
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: { SSEEnabled: true, SSEType: 'KMS' },
      });
    }
    const [[, key] = []] = ofType(data, 'AWS::KMS::Key');
    expect(key).toMatchObject({ DeletionPolicy: 'Retain', Properties: { EnableKeyRotation: true } });
  });

  it('expires content of the state table, and nothing of the audit', () => {
    const ttl = ofType(data, 'AWS::DynamoDB::Table').map(([id, { Properties }]) => [
      id.replace(/[0-9A-F]{8}$/, ''),
      Properties.TimeToLiveSpecification,
    ]);
    expect(Object.fromEntries(ttl)).toEqual({
      LedgerState: { AttributeName: 'expiresAt', Enabled: true },
      LedgerAudit: undefined,
    });
  });
});

describe('the archive of the audit', () => {
  const bucketOf = (template: Template) => {
    const [[, bucket] = []] = ofType(template, 'AWS::S3::Bucket');
    return bucket;
  };

  it('is a bucket that can lock objects, encrypted, closed to the public, by TLS alone, and outlives its stack', () => {
    expect(bucketOf(data)).toMatchObject({
      DeletionPolicy: 'Retain',
      Properties: {
        ObjectLockEnabled: true,
        VersioningConfiguration: { Status: 'Enabled' },
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [
            { BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms' } },
          ],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
    expect(bucketOf(data)?.Properties.ObjectLockConfiguration).toBeUndefined(); // locked by configuration alone
    const [[, policy] = []] = ofType(data, 'AWS::S3::BucketPolicy');
    expect(JSON.stringify(policy)).toContain('"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"');
  });

  it('locks each object for as long as the configuration says', async () => {
    const { directory } = await synth({
      outdir: join(folder, 'locked'),
      context: { 'writ:archive': { lock: 'compliance', days: 400 } },
    });
    expect(bucketOf(readTemplate(directory, 'Writ-Data'))?.Properties.ObjectLockConfiguration).toEqual({
      ObjectLockEnabled: 'Enabled',
      Rule: { DefaultRetention: { Days: 400, Mode: 'COMPLIANCE' } },
    });
  });

  it('is written each hour, by a function that may put, and read leaves and roots: no deletion, no way around a lock', () => {
    const own = statementsOf(workflows, roleOf(workflows, 'Archiver')).filter(isAbout('ArchiveBucket'));
    expect(
      own.map(({ actions, resources, condition }) => [
        actions.join(),
        JSON.stringify(resources).match(/\w+\/\*/g),
        condition,
      ])
    ).toEqual([
      ['s3:PutObject', ['chains/*', 'leaves/*', 'roots/*'], {}],
      ['s3:GetObject', ['leaves/*', 'roots/*'], {}],
      ['s3:ListBucket', null, { StringLike: { 's3:prefix': ['chains/*', 'leaves/*', 'roots/*'] } }],
    ]);
    const schedules = ofType(workflows, 'AWS::Events::Rule').flatMap(
      ([, { Properties }]) => Properties.ScheduleExpression ?? []
    );
    expect(schedules).toEqual(['cron(17 * * * ? *)']);
  });
});

describe('roles', () => {
  it('are one for each function', () => {
    for (const template of [workflows, api]) {
      const roles = functionsOf(template).map(([, { Properties }]) => target(Properties.Role));
      expect(roles.length).toBeGreaterThan(1);
      expect(new Set(roles).size).toBe(roles.length);
    }
  });

  it('name what they act on, wherever AWS has a name for it', () => {
    const unnamed = [workflows, api].flatMap((template) =>
      ofType(template, 'AWS::IAM::Role')
        .flatMap(([id]) => statementsOf(template, id))
        .filter(({ resources }) => resources.includes('*'))
        .flatMap(({ actions }) => actions)
    );
    expect(unnamed.length).toBeGreaterThan(0);
    const logDelivery = /^logs:(.*LogDeliver(y|ies)|PutResourcePolicy|DescribeResourcePolicies|DescribeLogGroups)$/;
    expect(unnamed.filter((action) => !/^xray:/.test(action) && !logDelivery.test(action))).toEqual([]);
  });

  it('have no action by wildcard, no scan, no deletion, and no managed policy', () => {
    const roles = [workflows, api].flatMap((template) =>
      ofType(template, 'AWS::IAM::Role').map(([id, role]) => ({ statements: statementsOf(template, id), role }))
    );
    const actions = roles.flatMap(({ statements }) => actionsOf(statements));
    expect(actions.filter((action) => /\*|Scan|Delete(?!LogDelivery)/.test(action))).toEqual([]);
    expect(roles.flatMap(({ role }) => role.Properties.ManagedPolicyArns ?? [])).toEqual([]);
  });

  it('reach tables only under conditions on the partition', () => {
    const onTables = [workflows, api].flatMap((template) =>
      ofType(template, 'AWS::IAM::Role')
        .flatMap(([id]) => statementsOf(template, id))
        .filter(({ actions }) => actions.some((action) => action.startsWith('dynamodb:')))
    );
    expect(onTables.length).toBeGreaterThan(10);
    for (const { prefixes, condition } of onTables) {
      expect(prefixes.length).toBeGreaterThan(0);
      expect(condition.Null).toEqual({ 'dynamodb:LeadingKeys': 'false' });
      for (const each of prefixes) expect(each).toMatch(/^[A-Z]+#.*\*$/);
    }
  });

  it('append to the audit, and read it through the API and for the archive alone', () => {
    const archiver = roleOf(workflows, 'Archiver');
    for (const [template, allowed, isIt] of [
      [workflows, ['dynamodb:PutItem'], (id: string) => id !== archiver],
      [workflows, ['dynamodb:Query'], (id: string) => id === archiver],
      [api, ['dynamodb:PutItem', 'dynamodb:Query'], () => true],
    ] as const) {
      const onAudit = ofType(template, 'AWS::IAM::Role')
        .filter(([id]) => isIt(id))
        .flatMap(([id]) => statementsOf(template, id))
        .filter(isAbout('LedgerAudit'));
      expect([...new Set(actionsOf(onAudit))].sort()).toEqual(allowed);
    }
  });
});

describe('steps', () => {
  const INPUT = 'INPUT#*';
  const RUN = 'RUN#*';
  const readings = `${prefix.read('jira:read')}*`;
  const writs = `${prefix.writ('jira:write')}*`;
  const claims = `${prefix.claim('jira:write')}*`;
  // of this workflow and its own tools: no other Decide counts there, and this one nowhere else
  const budgets = ['BUDGET#run:*', 'BUDGET#tenant:*', 'BUDGET#workflow:ticket-triage#*'];
  const controls = ['CONTROL#global#*', 'CONTROL#tenant:*', 'CONTROL#workflow:ticket-triage#*'];
  const rates = ['RATE#jira.assign#*', 'RATE#jira.restore-components#*'];
  const caps = 'CAP#ticket-triage#*';

  it.each(['route', 'propose', 'ask', 'verify', 'survey', 'respond', 'escalate', 'reap', 'decide', 'approve'])(
    '%s reaches no secret, no tool and no execution',
    (step) => {
      const actions = actionsOf(named(step));
      expect(actions.filter((action) => /^(secretsmanager|sts|lambda|states):/.test(action))).toEqual([]);
    }
  );

  it.each([
    ['route', [...budgets, ...controls, INPUT, RUN], [], [...budgets, RUN], []],
    ['propose', [...budgets, ...controls, INPUT, 'PLAN#*', readings, RUN], ['PLAN#*'], budgets, []],
    [
      'decide',
      ['APPROVAL#*', ...budgets, caps, claims, 'CONTROL#*', INPUT, 'PLAN#*', ...rates, readings, RUN, writs],
      [writs],
      [...budgets, caps, ...rates, RUN],
      ['APPROVAL#*', 'CONTROL#*'],
    ],
    ['approve', [RUN], ['REQUEST#*'], [RUN], []],
    ['survey', [claims, readings, RUN, writs], [], [RUN], []],
    ['verify', [claims, readings, RUN, writs], [], [RUN], []],
    ['ask', [RUN], ['QUESTION#*'], [RUN], []],
    ['respond', [RUN], [], [RUN], []],
    ['escalate', ['APPROVAL#*', claims, INPUT, 'PLAN#*', readings, RUN, writs], ['ESCALATION#*'], [RUN], []],
    [
      'reap',
      ['APPROVAL#*', ...budgets, claims, INPUT, 'PLAN#*', readings, RUN, writs],
      ['ESCALATION#*'],
      [...budgets, RUN],
      [],
    ],
  ] as const)('%s touches its own partitions alone', (step, read, put, update, check) => {
    const statements = named(step);
    expect(keysFor(statements, 'BatchGetItem')).toEqual(read);
    expect(keysFor(statements, 'PutItem')).toEqual(put);
    expect(keysFor(statements, 'UpdateItem')).toEqual(update);
    expect(keysFor(statements, 'ConditionCheckItem')).toEqual(check);
  });

  it('charge counters by updates alone: rates and caps in Decide, budgets also where engines are asked and settled', () => {
    const isCounter = (partition: string): boolean => /^(?:BUDGET|RATE|CAP)#/.test(partition);
    const charging = [workflows, api].flatMap((template) =>
      functionsOf(template).flatMap(([id]) => {
        const statements = statementsOf(template, roleOf(template, id));
        expect(keysFor(statements, 'PutItem').filter(isCounter)).toEqual([]);
        const partitions = keysFor(statements, 'UpdateItem').filter(isCounter);
        return partitions.length > 0 ? [[id.replace(/[0-9A-F]{8}$/, ''), partitions] as const] : [];
      })
    );
    expect(Object.fromEntries(charging)).toEqual({
      TicketTriageroute: budgets,
      TicketTriagepropose: budgets,
      TicketTriagereap: budgets,
      TicketTriagedecide: [...budgets, caps, ...rates],
    });
  });

  it.each(['JiraWrite', 'JiraRead'])('%s has its secret by a tagged session, and no writ to give', (scope) => {
    const [[secretsRole = '', role] = []] = ofType(workflows, 'AWS::IAM::Role').filter(([id]) =>
      id.startsWith(`${scope}SecretsRole`)
    );
    const own = roleOf(workflows, `${scope}Function`);
    const assumes = statementsOf(workflows, own).filter(({ actions }) => actions.includes('sts:AssumeRole'));
    expect(assumes.map(({ actions, resources }) => [actions, resources.map(target)])).toEqual([
      [['sts:AssumeRole', 'sts:TagSession'], [secretsRole]],
    ]);
    expect(actionsOf(statementsOf(workflows, own)).some((action) => action.startsWith('secretsmanager:'))).toBe(false);
    expect(keysFor(statementsOf(workflows, own), 'PutItem')).not.toContain(writs);

    const trust = JSON.stringify(role?.Properties.AssumeRolePolicyDocument);
    expect(trust).toContain(`{"AWS":{"Fn::GetAtt":["${own}","Arn"]}}`);
    expect(trust).toContain('"aws:RequestTag/tenant":"?*"');
    const [secret] = statementsOf(workflows, secretsRole);
    const access = scope === 'JiraWrite' ? 'write' : 'read';
    expect(JSON.stringify(secret?.resources)).toContain(
      `:secret:writ/\${aws:PrincipalTag/tenant}/jira/${access}-??????`
    );
  });
});

describe('the state machine', () => {
  it.each([
    ['StateMachine', 10], // eight steps, two scopes; nobody but EventBridge calls the reaper
    ['UndoStateMachine', 7], // neither what proposes nor what asks people
  ])('%s may invoke published versions of its own functions, and calls them by version', (name, many) => {
    const machines = ofType(workflows, 'AWS::StepFunctions::StateMachine');
    expect(machines).toHaveLength(2);
    const [, machine] = machines.find(([id]) => id.startsWith(`TicketTriage${name}`)) ?? [];
    const role = target(machine?.Properties.RoleArn) ?? '';
    const invoked = statementsOf(workflows, role).filter(({ actions }) => actions.includes('lambda:InvokeFunction'));
    const resources = invoked.flatMap((statement) => statement.resources);
    for (const resource of resources) expect(resource).toMatchObject({ 'Fn::Join': ['', [{}, ':*']] });
    const granted = resources.map((resource) =>
      target((resource as { 'Fn::Join': [string, unknown[]] })['Fn::Join'][1][0])
    );
    const referred = JSON.stringify(machine?.Properties.DefinitionString).match(/"Ref":"\w+"/g) ?? [];
    const called = referred.map((reference) => {
      const version = workflows.Resources[/"Ref":"(\w+)"/.exec(reference)?.[1] ?? ''];
      expect(version?.Type).toBe('AWS::Lambda::Version');
      return target(version?.Properties.FunctionName);
    });
    expect(new Set(granted)).toEqual(new Set(called));
    expect(granted).toHaveLength(many);
  });

  it('is traced, and logs errors without data', () => {
    const [[, machine] = []] = ofType(workflows, 'AWS::StepFunctions::StateMachine');
    expect(machine?.Properties).toMatchObject({
      TracingConfiguration: { Enabled: true },
      LoggingConfiguration: { Level: 'ERROR', IncludeExecutionData: false },
    });
  });

  it('keeps earlier versions, of functions too, for runs that wait', () => {
    const versions = ['AWS::StepFunctions::StateMachineVersion', 'AWS::Lambda::Version'].flatMap((type) =>
      ofType(workflows, type)
    );
    expect(versions).toHaveLength(13);
    for (const [, { DeletionPolicy, UpdateReplacePolicy }] of versions)
      expect([DeletionPolicy, UpdateReplacePolicy]).toEqual(['Retain', 'Retain']);
  });

  it('hands what ended unfinished to the reaper', () => {
    const [[, rule] = []] = ofType(workflows, 'AWS::Events::Rule');
    expect(rule?.Properties.EventPattern).toMatchObject({
      source: ['aws.states'],
      'detail-type': ['Step Functions Execution Status Change'],
      detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] },
    });
    expect(JSON.stringify(rule?.Properties.Targets)).toContain('TicketTriagereap');
  });
});

describe('the API', () => {
  it('asks every route for a token with a scope, but for its description', () => {
    const routes = ofType(api, 'AWS::ApiGatewayV2::Route').map(([, { Properties }]) => [
      Properties.RouteKey,
      Properties.AuthorizationScopes ?? Properties.AuthorizationType,
    ]);
    const all = ['writ/submitter', 'writ/approver', 'writ/operator', 'writ/auditor'];
    expect(Object.fromEntries(routes)).toEqual({
      'POST /v1/tasks': ['writ/submitter'],
      'GET /v1/runs': all,
      'GET /v1/runs/{id}': all,
      'GET /v1/runs/{id}/audit': all,
      'GET /v1/runs/{id}/why': all,
      'POST /v1/runs/{id}/reply': ['writ/submitter'],
      'POST /v1/runs/{id}/undo': ['writ/operator'],
      'GET /v1/approvals': ['writ/approver', 'writ/operator'],
      'POST /v1/approvals/{id}': ['writ/approver', 'writ/operator'],
      'GET /v1/controls': ['writ/operator', 'writ/auditor'],
      'GET /v1/controls/global/audit': ['writ/operator', 'writ/auditor'],
      'GET /v1/controls/{level}/{name}/audit': ['writ/operator', 'writ/auditor'],
      'PUT /v1/controls/global': ['writ/operator'],
      'PUT /v1/controls/{level}/{name}': ['writ/operator'],
      'GET /v1/releases/{workflow}': ['writ/operator', 'writ/auditor'],
      'PUT /v1/releases/{workflow}': ['writ/operator'],
      'GET /v1/openapi.json': 'NONE',
    });
  });

  it('throttles, and logs neither callers nor content', () => {
    const [[, stage] = []] = ofType(api, 'AWS::ApiGatewayV2::Stage');
    expect(stage?.Properties.DefaultRouteSettings).toMatchObject({ ThrottlingRateLimit: 100 });
    const settings = JSON.stringify(stage?.Properties.AccessLogSettings);
    expect(settings).toContain('$context.requestId');
    expect(settings).not.toMatch(/identity|claims|path/i);
  });

  it('lets nobody write their own tenant', () => {
    const [[, client] = []] = ofType(api, 'AWS::Cognito::UserPoolClient');
    expect(client?.Properties).toMatchObject({
      WriteAttributes: ['email'],
      ExplicitAuthFlows: expect.arrayContaining(['ALLOW_USER_PASSWORD_AUTH']),
    });
    const [[, pool] = []] = ofType(api, 'AWS::Cognito::UserPool');
    expect(pool?.Properties).toMatchObject({
      AdminCreateUserConfig: { AllowAdminCreateUserOnly: true },
      UserPoolTier: 'ESSENTIALS',
      LambdaConfig: { PreTokenGenerationConfig: { LambdaVersion: 'V2_0' } },
    });
  });

  it('issues no writ, claims none, and plans nothing', () => {
    const statements = statementsOf(api, roleOf(api, 'Handler'));
    expect(keysFor(statements, 'PutItem')).toEqual(['APPROVAL#*', 'CONTROL#*', 'INPUT#*', 'ROLLOUT#*', 'RUN#*']);
    expect(keysFor(statements, 'ConditionCheckItem')).toEqual(['REQUEST#*', 'RUN#*']);
    expect(keysFor(statements, 'UpdateItem')).toEqual([]);
    expect(actionsOf(statements).filter((action) => action.startsWith('states:'))).toEqual([
      'states:StartExecution',
      'states:SendTaskSuccess',
      'states:StartExecution', // of undos, which ask nobody
    ]);
  });

  it('reads the version of each workflow as an output, so that an export never pins it', () => {
    const [[, handler] = []] = functionsOf(api).filter(([id]) => id.startsWith('Handler'));
    expect(JSON.stringify(handler?.Properties.Environment)).toContain('"OutputName":"StateMachineTicketTriageVersion"');
    expect(Object.keys(workflows.Outputs ?? {})).toContain('StateMachineTicketTriageVersion');
    expect(JSON.stringify(api)).not.toContain('Writ-Workflows:ExportsOutput');
  });
});

describe('functions', () => {
  const assetsOf = (directory: string) =>
    readdirSync(directory)
      .filter((name) => name.startsWith('asset.'))
      .map((name) => ({ name, files: readdirSync(join(directory, name)).sort() }));

  it('run Node 24 on ARM, traced, within a log group of their own', () => {
    const functions = [...functionsOf(workflows), ...functionsOf(api)];
    expect(functions).toHaveLength(15);
    for (const [, { Properties }] of functions) {
      expect(Properties).toMatchObject({
        Runtime: 'nodejs24.x',
        Architectures: ['arm64'],
        Handler: 'index.handler',
        TracingConfig: { Mode: 'Active' },
      });
      expect(target((Properties.LoggingConfig as { LogGroup: unknown }).LogGroup)).toBeDefined();
    }
  });

  it('get the model that their step asks, and no other file than they need', () => {
    const files = assetsOf(join(folder, 'first')).map((asset) => asset.files.join(' '));
    expect(files.filter((each) => each.includes('eligibility.model'))).toEqual([
      'eligibility.model index.mjs workflow.json',
    ]);
    expect(files.filter((each) => each.includes('queue.model'))).toEqual(['index.mjs queue.model workflow.json']);
    expect(files.filter((each) => each === 'index.mjs workflow.json')).toHaveLength(8);
    expect(files.filter((each) => each === 'index.mjs workflows.json')).toHaveLength(1);
    expect(files.filter((each) => each === 'index.mjs')).toHaveLength(4); // two scopes, the token's function, and the archiver
  });

  it('are small', () => {
    const directory = join(folder, 'first');
    const sizes = assetsOf(directory).map(({ name }) => statSync(join(directory, name, 'index.mjs')).size);
    expect(sizes).toHaveLength(15);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_200_000);
  });
});

describe('synthesis', () => {
  const STACKS = ['Writ-Data', 'Writ-Workflows', 'Writ-Api'];
  const texts = (directory: string) =>
    STACKS.map((stack) => readFileSync(join(directory, `${stack}.template.json`), 'utf8'));

  it('gives the same templates again', async () => {
    const { directory } = await synth({ outdir: join(folder, 'second') });
    expect(texts(directory)).toEqual(texts(join(folder, 'first')));
  });

  it('takes context as the command line gives it', async () => {
    const context = { 'writ:mode': 'autopilot', 'writ:retainData': 'false' };
    const { directory } = await synth({ outdir: join(folder, 'third'), context });
    const tables = ofType(readTemplate(directory, 'Writ-Data'), 'AWS::DynamoDB::Table');
    expect(tables.map(([, { DeletionPolicy }]) => DeletionPolicy)).toEqual(['Delete', 'Delete']);
    const [, workflowsBefore] = texts(join(folder, 'first'));
    expect(texts(directory)[1]).not.toBe(workflowsBefore);
  });

  it('adds clients and tenants for machines', async () => {
    const machineClients = [{ name: 'helpdesk', tenant: 'demo', roles: ['submitter'] }];
    const directory = compose(await bundleProject(), join(folder, 'fourth'), { writ: { machineClients } });
    const template = readTemplate(directory, 'Writ-Api');
    const machine = ofType(template, 'AWS::Cognito::UserPoolClient').find(([id]) => id.includes('Machine'));
    expect(machine?.[1].Properties).toMatchObject({ GenerateSecret: true, AllowedOAuthFlows: ['client_credentials'] });
    expect(JSON.stringify(machine?.[1].Properties.AllowedOAuthScopes)).toMatch(/submitter.*demo/);
    // without a list Cognito would let people sign in there, and write what the people's own client may not
    expect(machine?.[1].Properties.ExplicitAuthFlows).toEqual(['ALLOW_REFRESH_TOKEN_AUTH']);
    expect(ofType(template, 'AWS::Cognito::UserPoolDomain')).toHaveLength(1);
  });

  it('refuses a key that it does not know before it builds anything', async () => {
    const refused = synth({ outdir: join(folder, 'fifth'), context: { 'writ:mood': 'calm' } });
    await expect(refused).rejects.toThrow('writ:mood is not known');
  });
});
