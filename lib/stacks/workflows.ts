import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Archive } from '../constructs/archive.ts';
import { Archiver } from '../constructs/archiver.ts';
import type { FunctionSettings } from '../constructs/bundled-function.ts';
import type { Ledger } from '../constructs/ledger.ts';
import { ToolScope } from '../constructs/tool-scope.ts';
import { Workflow } from '../constructs/workflow.ts';
import { pascalCase, scopesOf } from '../functions.ts';
import type { PreparedWorkflow } from '../prepare.ts';

export interface WorkflowsStackProps {
  readonly workflows: readonly PreparedWorkflow[];
  readonly ledger: Ledger;
  readonly archive: Archive;
  readonly settings: FunctionSettings;
}

/** The outputs of this stack that say where a workflow is. */
export interface DeployedWorkflow {
  readonly name: string;
  readonly stateMachineOutput: string;
  /** Of the version that new runs start with. */
  readonly versionOutput: string;
  readonly undoStateMachineOutput: string;
  /** Of the version that undos start with. */
  readonly undoVersionOutput: string;
}

/** What changes with every release: the workflows, and the tools they use. */
export class WorkflowsStack extends Stack {
  readonly deployed: readonly DeployedWorkflow[];

  constructor(parent: Construct, id: string, { workflows, ledger, archive, settings }: WorkflowsStackProps) {
    super(parent, id, { description: 'Writ: workflows, their steps and the scopes of their tools' });
    const declared = workflows.flatMap(({ definition }) => scopesOf(definition));
    const scopes = Object.fromEntries(
      [...new Map(declared.map((scope) => [scope.name, scope])).values()].map((scope) => [
        scope.name,
        new ToolScope(this, pascalCase(scope.name), { ...settings, scope, ledger }),
      ])
    );
    this.deployed = workflows.map((workflow) => {
      const { name } = workflow.definition;
      const { stateMachineArn, versionArn, undo } = new Workflow(this, pascalCase(name), {
        ...settings,
        workflow,
        ledger,
        scopes,
      });
      const stateMachineOutput = `StateMachine${pascalCase(name)}`;
      new CfnOutput(this, stateMachineOutput, { value: stateMachineArn });
      const versionOutput = `${stateMachineOutput}Version`;
      new CfnOutput(this, versionOutput, { value: versionArn });
      const undoStateMachineOutput = `UndoStateMachine${pascalCase(name)}`;
      new CfnOutput(this, undoStateMachineOutput, { value: undo.stateMachineArn });
      const undoVersionOutput = `${undoStateMachineOutput}Version`;
      new CfnOutput(this, undoVersionOutput, { value: undo.versionArn });
      return { name, stateMachineOutput, versionOutput, undoStateMachineOutput, undoVersionOutput };
    });
    const archiver = new Archiver(this, 'Archiver', { ...settings, ledger, archive });
    new CfnOutput(this, 'ArchiverFunction', { value: archiver.functionName });
  }
}
