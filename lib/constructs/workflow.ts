import { Rule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { type IRole, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import {
  CfnStateMachineAlias,
  CfnStateMachineVersion,
  DefinitionBody,
  LogLevel,
  StateMachine,
} from 'aws-cdk-lib/aws-stepfunctions';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { StateMachine as Definition } from '../../statemachines/segments/asl.ts';
import { STEPS, type StepName } from '../../statemachines/segments/callees.ts';
import { undoMachine } from '../../statemachines/segments/undo.ts';
import { bundleOf } from '../bundle.ts';
import { bundleName, type DeployedStep, type Scope, scopesOf, stepTimeoutSeconds } from '../functions.ts';
import { modelBundles, modelNeeds, rememberingSteps } from '../models.ts';
import type { PreparedWorkflow } from '../prepare.ts';
import { functionsCalledBy } from '../proof/prove.ts';
import { calleesOf, symbolicMachine, symbolicUndoMachine } from '../release.ts';
import { acknowledge, acknowledgeNoResource, acknowledgeVersions } from './acknowledge.ts';
import { bundledFunction, type FunctionSettings } from './bundled-function.ts';
import type { Ledger } from './ledger.ts';
import { grantModels } from './models.ts';
import type { ToolScope } from './tool-scope.ts';

export interface WorkflowProps extends FunctionSettings {
  readonly workflow: PreparedWorkflow;
  readonly ledger: Ledger;
  /** By the scope's name: at least those of the workflow's tools. */
  readonly scopes: Readonly<Record<string, ToolScope>>;
}

/** Executions that end so have not closed their run: the reaper does. */
const UNFINISHED = ['FAILED', 'TIMED_OUT', 'ABORTED'];

/** A workflow: a function for each of its steps, and the state machine that calls them and the scopes of its tools. */
export class Workflow extends Construct {
  readonly stateMachineArn: string;
  /** The published version of this release, which a run keeps to its end. */
  readonly versionArn: string;
  /** The state machine that undoes what a run did, and its version of this release. */
  readonly undo: { readonly stateMachineArn: string; readonly versionArn: string };

  constructor(parent: Construct, id: string, { workflow, ledger, scopes, ...settings }: WorkflowProps) {
    super(parent, id);
    const { definition } = workflow;
    const declared = scopesOf(definition);
    const step = (name: DeployedStep) => this.#step(name, workflow, { ledger, declared, settings });
    const steps = Object.fromEntries(STEPS.map((name) => [name, step(name)])) as Record<StepName, LambdaFunction>;

    const callees = calleesOf(definition, {
      step: (name) => steps[name].currentVersion.functionArn,
      scope: (name) => functionOf(scopes, name).currentVersion.functionArn,
    });
    const roleOf = (id: string, machine: Definition) => {
      const called = functionsCalledBy(machine);
      return this.#role(id, [
        ...STEPS.filter((name) => called.has(`step:${name}`)).map((name) => steps[name]),
        ...declared.filter(({ name }) => called.has(name)).map(({ name }) => functionOf(scopes, name)),
      ]);
    };
    const role = roleOf('', symbolicMachine(definition));
    const stateMachine = this.#stateMachine('', definition.name, definition.machine(callees), role);
    this.stateMachineArn = stateMachine.stateMachineArn;
    this.versionArn = this.#publish('', stateMachine);
    const undoRole = roleOf('Undo', symbolicUndoMachine(definition));
    const undo = this.#stateMachine('Undo', `${definition.name}-undo`, undoMachine(callees, definition), undoRole);
    this.undo = { stateMachineArn: undo.stateMachineArn, versionArn: this.#publish('Undo', undo) };
    new Rule(this, 'Unfinished', {
      description: `Runs of ${definition.name} whose execution ended without closing them`,
      eventPattern: {
        source: ['aws.states'],
        detailType: ['Step Functions Execution Status Change'],
        detail: { status: UNFINISHED, stateMachineArn: [stateMachine.stateMachineArn, undo.stateMachineArn] },
      },
      targets: [new LambdaTarget(step('reap'))],
    });
  }

  #step(
    step: DeployedStep,
    { definition, release, models }: PreparedWorkflow,
    { ledger, declared, settings }: { ledger: Ledger; declared: readonly Scope[]; settings: FunctionSettings }
  ): LambdaFunction {
    const own = models.filter((model) => model.step === step);
    const needs = modelNeeds(step, release);
    const fn = bundledFunction(this, step, {
      ...settings,
      service: `${definition.name}-${step}`,
      bundle: bundleName.step(step),
      files: {
        'workflow.json': JSON.stringify(release),
        ...Object.fromEntries(own.map(({ spec, bytes }) => [spec.file, bytes])),
        ...Object.fromEntries(
          modelBundles(needs).map((name) => [`${name}.mjs`, bundleOf(settings.bundles, name).code])
        ),
      },
      timeoutSeconds: stepTimeoutSeconds(step),
      environment: ledger.environment,
    });
    const writes = definition.tools.filter(({ effect }) => effect !== 'read').map(({ name }) => name);
    const remembering = rememberingSteps(release);
    ledger.grantStep(fn, step, { workflow: definition.name, scopes: declared, writes, remembering });
    if (needs) grantModels(fn, needs, release.models);
    return fn;
  }

  /** May call published versions of these functions and nothing else: of any version, since runs that wait keep to theirs. */
  #role(id: string, functions: readonly LambdaFunction[]): Role {
    const role = new Role(this, `${id}StateMachineRole`, { assumedBy: new ServicePrincipal('states.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: functions.map(({ functionArn }) => `${functionArn}:*`),
      })
    );
    acknowledgeNoResource(role);
    for (const fn of functions) acknowledgeVersions(role, fn);
    return role;
  }

  #stateMachine(id: string, name: string, definition: Definition, role: IRole): StateMachine {
    const stack = Stack.of(this);
    const stateMachine = new StateMachine(this, `${id}StateMachine`, {
      definitionBody: DefinitionBody.fromString(stack.toJsonString(definition)),
      role,
      tracingEnabled: true,
      logs: {
        destination: new LogGroup(this, `${id}StateMachineLogs`, {
          // this prefix keeps the account's resource policy for log delivery short
          logGroupName: `/aws/vendedlogs/states/${stack.stackName}-${name}`,
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
        }),
        level: LogLevel.ERROR,
        includeExecutionData: false,
      },
    });
    acknowledge(stateMachine, 'SF1', 'The execution history keeps every event, and the audit what matters of it');
    return stateMachine;
  }

  /** Publishes what is defined. Earlier versions stay, for the runs that began with them. */
  #publish(id: string, { stateMachineArn, stateMachineRevisionId }: StateMachine): string {
    const version = new CfnStateMachineVersion(this, `${id}Version`, { stateMachineArn, stateMachineRevisionId });
    version.applyRemovalPolicy(RemovalPolicy.RETAIN);
    new CfnStateMachineAlias(this, `${id}Live`, {
      name: 'live',
      description: 'The version that new runs start with',
      routingConfiguration: [{ stateMachineVersionArn: version.attrArn, weight: 100 }],
    });
    return version.attrArn;
  }
}

const functionOf = (scopes: WorkflowProps['scopes'], name: string): LambdaFunction => {
  const scope = scopes[name];
  if (scope === undefined) throw new TypeError(`there is no function for the scope ${name}`);
  return scope.function;
};
