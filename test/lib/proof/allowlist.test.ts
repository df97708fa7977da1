import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Effect,
  ManagedPolicy,
  PolicyDocument,
  PolicyStatement,
  type PolicyStatementProps,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { CfnStateMachine, DefinitionBody, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { App, Stack } from 'aws-cdk-lib/core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { synthesise } from '../../../lib/app.ts';
import { NotProven } from '../../../lib/proof/prove.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'writ-allowlist-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const INVOKE = 'lambda:InvokeFunction';
const assumedBy = new ServicePrincipal('states.amazonaws.com');

/** An app with the functions One, Two and Three, and the machine First that calls published versions of One and Two. */
const anApp = () => {
  const app = new App({ outdir: mkdtempSync(join(folder, 'app-')), builtinCloudFormationValidation: false });
  const stack = new Stack(app, 'Stack');
  const [one, two, three] = ['One', 'Two', 'Three'].map((name) => {
    const code = Code.fromInline('export const handler = () => undefined;');
    return new LambdaFunction(stack, name, { runtime: Runtime.NODEJS_LATEST, handler: 'index.handler', code });
  });
  if (!(one && two && three)) throw new TypeError('there are three');
  const machineOf = (name: string, role: Role, called: readonly string[]) => {
    const States = Object.fromEntries(
      called.map((FunctionName, at) => [`Call${at}`, { Type: 'Task', Arguments: { FunctionName }, End: true }])
    );
    const definition = stack.toJsonString({ StartAt: 'Call0', States });
    return new StateMachine(stack, name, { definitionBody: DefinitionBody.fromString(definition), role });
  };
  const versions = [one, two].map(({ currentVersion }) => currentVersion.functionArn);
  const roleOf = (name: string) => new Role(stack, name, { assumedBy });
  const role = roleOf('Role');
  const machine = machineOf('First', role, versions);
  const grant = (to: Role, ...granted: readonly LambdaFunction[]) =>
    to.addToPolicy(
      new PolicyStatement({ actions: [INVOKE], resources: granted.map(({ functionArn }) => `${functionArn}:*`) })
    );
  return { app, stack, one, two, three, role, roleOf, machine, machineOf, grant };
};
type Given = ReturnType<typeof anApp>;

/** What a synthesis fails with. */
const saidOf = (app: App): string => {
  try {
    synthesise(app);
  } catch (error) {
    expect(error).toBeInstanceOf(NotProven);
    return (error as Error).message.replaceAll(/([A-Z][a-z]+)[0-9A-F]{8}/g, '$1');
  }
  return '';
};

it('a machine whose role may invoke exactly the functions that it calls is synthesised, whatever else its role may do', () => {
  const { app, one, two, role, grant } = anApp();
  grant(role, one, two);
  role.addToPolicy(new PolicyStatement({ actions: ['xray:PutTraceSegments', 'logs:*'], resources: ['*'] }));
  expect(saidOf(app)).toBe('');
});

describe('a synthesis fails', () => {
  it('where a machine may invoke what it does not call, with the machine, its role and the function', () => {
    const { app, one, two, three, role, grant } = anApp();
    grant(role, one, two, three);
    expect(saidOf(app)).toBe(
      'the role Role must let the state machine First invoke what it calls and nothing else\n  too many: Three'
    );
  });

  it('where a machine may not invoke what it calls, with the machine, its role and the function', () => {
    const { app, one, role, grant } = anApp();
    grant(role, one);
    expect(saidOf(app)).toBe(
      'the role Role must let the state machine First invoke what it calls and nothing else\n  missing: Two'
    );
  });

  it('for every machine of a template, by its own role', () => {
    const { app, one, two, three, role, roleOf, machineOf, grant } = anApp();
    const other = roleOf('Other');
    machineOf('Second', other, [three.currentVersion.functionArn]);
    grant(role, one, two);
    grant(other, one);
    const said = saidOf(app);
    expect(said).toContain('the role Other must let the state machine Second');
    expect(said).toContain('too many: One\n  missing: Three');
    expect(said).not.toContain('First');
  });

  const plus = (statement: PolicyStatementProps) => (_: Given, role: Role) =>
    void role.addToPolicy(new PolicyStatement(statement));
  it.each<[string, string, (given: Given, role: Role) => void]>([
    ['a function without a version', '{"Fn::GetAtt":["One","Arn"]}', ({ one }, role) => void one.grantInvoke(role)],
    ['every function', '"*"', plus({ actions: [INVOKE], resources: ['*'] })],
    ['all that Lambda does', 'lambda:*', plus({ actions: ['lambda:*'], resources: ['*'] })],
    [
      'something else that Lambda does',
      'Lambda:InvokeAsync',
      plus({ actions: ['Lambda:InvokeAsync'], resources: ['*'] }),
    ],
    ['everything', '"Action":"*"', plus({ actions: ['*'], resources: ['*'] })],
    ['everything but something', 'NotAction', plus({ notActions: ['s3:*'], resources: ['*'] })],
    ['everything but a function', 'NotResource', plus({ actions: [INVOKE], notResources: ['arn:aws:lambda:x'] })],
    [
      'nothing of Lambda in the end',
      '"Effect":"Deny"',
      plus({ actions: [INVOKE], resources: ['*'], effect: Effect.DENY }),
    ],
    [
      'functions on a condition',
      '"Condition"',
      plus({ actions: [INVOKE], resources: ['*'], conditions: { Bool: { 'aws:SecureTransport': true } } }),
    ],
    [
      'what a policy of somebody else says',
      'AWSLambda_FullAccess',
      (_, role) => role.addManagedPolicy(ManagedPolicy.fromAwsManagedPolicyName('AWSLambda_FullAccess')),
    ],
    [
      'what a policy of the app says',
      'Three',
      ({ stack, three }, role) => {
        const statements = [new PolicyStatement({ actions: [INVOKE], resources: [`${three.functionArn}:*`] })];
        new ManagedPolicy(stack, 'Managed', { roles: [role], statements });
      },
    ],
  ])('where a role may invoke %s', (_, said, change) => {
    const given = anApp();
    given.grant(given.role, given.one, given.two);
    change(given, given.role);
    const found = saidOf(given.app);
    expect(found).toContain('too many: ');
    expect(found).toContain(said);
  });

  it('where a role has by itself what it may invoke', () => {
    const { app, stack, one, three, machineOf, role, two, grant } = anApp();
    grant(role, one, two);
    const statements = [one, three].map(
      ({ functionArn }) => new PolicyStatement({ actions: [INVOKE], resources: [`${functionArn}:*`] })
    );
    const own = new Role(stack, 'Own', { assumedBy, inlinePolicies: { own: new PolicyDocument({ statements }) } });
    machineOf('Second', own, [one.currentVersion.functionArn]);
    expect(saidOf(app)).toMatch(/Own must let the state machine Second .*\n {2}too many: Three$/);
  });

  it('where a machine calls a function by no version', () => {
    const { app, one, two, role, machineOf, grant } = anApp();
    grant(role, one, two);
    machineOf('Second', role, [one.functionArn, two.currentVersion.functionArn]);
    expect(saidOf(app)).toContain('too many: One\n  missing: {"Fn::GetAtt":["One","Arn"]}');
  });

  it('where the role of a machine lies elsewhere', () => {
    const { app, one, two, role, machine, grant } = anApp();
    grant(role, one, two);
    const { defaultChild } = machine.node;
    if (!(defaultChild instanceof CfnStateMachine)) throw new TypeError('a machine is made of one resource');
    defaultChild.roleArn = 'arn:aws:iam::123456789012:role/other';
    expect(saidOf(app)).toContain('the state machine First has a role that its template does not have');
  });
});
