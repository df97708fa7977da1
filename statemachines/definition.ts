import type { Tier } from '../lambdas/core/engine/model/settings.ts';
import type { Budgets, Shards } from '../lambdas/core/limits/declared.ts';
import type { Mode } from '../lambdas/core/mode.ts';
import type { Tool } from '../lambdas/core/tool.ts';
import type { EngineSpec, Workflow } from '../lambdas/core/workflow.ts';
import type { RenderPrompt } from './prompt.ts';
import type { StateMachine } from './segments/asl.ts';
import type { Callees } from './segments/callees.ts';
import type { Action } from './segments/undo.ts';

/** One labelled text of the examples that a workflow learns from. */
export interface Example {
  readonly text: string;
  readonly label: string;
}

/** The steps that ask engines. */
export type AskingStep = 'route' | 'propose';

/** A classifier to be trained, and the one step that gets it. */
export interface Classifier {
  readonly step: AskingStep;
  readonly name: string;
  readonly examples: readonly Example[];
  /** The label of examples that are out of its scope: learnt from, and never given. */
  readonly outside?: string;
  /** What a wrong answer costs, in escalations. */
  readonly wrongCost?: number;
}

/** A classifier as the workflow's data names it, once trained. */
export type TrainedClassifier = Extract<EngineSpec, { kind: 'classifier' }>;

/** A model of a tier as a workflow's data names it. */
export type ModelOfTier = Extract<EngineSpec, { kind: 'model' }>;

/** Limits that all workflows of a deployment share: what a tenant may spend a day, and how counters are spread. */
export interface SharedLimits {
  readonly tenantDayMicrousd: Budgets['tenantDayMicrousd'];
  readonly shards: Shards;
}

/** What a workflow's folder declares: its data, its states, its tools, and what is to be learnt from examples. */
export interface WorkflowDefinition {
  readonly name: string;
  /** Its state machine may call the functions of these tools' scopes, and Decide may issue writs for the write scopes. */
  readonly tools: readonly Tool[];
  /** What its state machine may do to a customer's system: an operator can have each undone. */
  readonly actions: readonly Action[];
  readonly classifiers: (examples: readonly Example[]) => readonly Classifier[];
  readonly data: (given: {
    readonly mode: Mode;
    /** What is the deployment's to say of limits, not the workflow's. */
    readonly shared: SharedLimits;
    readonly examples: readonly Example[];
    readonly trainedFor: (step: AskingStep) => readonly TrainedClassifier[];
    /** Of the tiers in which the deployment has models: small ones first. */
    readonly tiers: readonly Tier[];
    /** A prompt of the folder, checked and filled in. All of them must be, whether there are models or not. */
    readonly render: RenderPrompt;
  }) => Workflow;
  readonly machine: (callees: Callees) => StateMachine;
}
