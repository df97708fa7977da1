import { GENESIS } from '../lambdas/core/audit/record.ts';
import { digestOf, sha256 } from '../lambdas/core/digest.ts';
import type { Example } from '../lambdas/core/engine/classifier/examples.ts';
import { serialise } from '../lambdas/core/engine/classifier/serialise.ts';
import { type TrainOptions, train } from '../lambdas/core/engine/classifier/train.ts';
import { Terminal } from '../lambdas/core/errors.ts';
import type { Ledger } from '../lambdas/core/ledger.ts';
import type { Plan } from '../lambdas/core/records.ts';
import { propose } from '../lambdas/core/steps/propose.ts';
import type { WorkflowRelease } from '../lambdas/core/workflow.ts';
import { enginesFrom } from '../lambdas/runtime/engines.ts';
import { contracts } from '../lambdas/tools/contracts.ts';
import { DataError } from './rows.ts';

/** What the Propose step says of one text. */
export interface Proposal {
  readonly label: string | undefined;
  readonly confidence: number;
  readonly abstained: boolean;
}

export interface Proposer {
  readonly trainSeconds: number;
  readonly modelBytes: number;
  /** Below this confidence it abstains. */
  readonly threshold: number;
  readonly propose: (text: string) => Promise<Proposal>;
}

const AT = new Date(0);
const REF = { tenant: 'eval', run: 'evaluation'.padEnd(26, 'a') };

const noRules = { kind: 'rules' as const, name: 'none', rules: [] };

/** A release whose only engine is the model, and which proposes its answer as a queue. */
const releaseOf = (labels: readonly string[], digest: string): WorkflowRelease => ({
  workflow: 'eval',
  release: digestOf('eval'),
  mode: 'shadow',
  input: { fields: [{ name: 'ticket', needed: 'at-submission', maxLength: 32_768, expected: 'text', isId: false }] },
  eligibility: { labels: ['eligible'], engines: [noRules], text: ['ticket'], whenUnsure: 'eligible' },
  proposal: {
    labels: [...labels],
    engines: [{ kind: 'classifier', name: 'eval', file: 'eval.model', digest }],
    text: [{ from: 'user', field: 'ticket' }],
    tool: 'jira.assign',
    arguments: { component: { from: 'composed' } },
  },
  policy: [{ id: 'EVAL', effect: 'forbid', because: 'nothing is decided here', when: [] }],
  limits: {
    budgets: { runMicrousd: 0, workflowDayMicrousd: 0, tenantDayMicrousd: 0 },
    caps: [],
    shards: { tenant: 1, workflow: 1 },
  },
});

/** A run with one text, and the proposal that was kept for it. */
const memory = (text: string): { readonly ledger: Ledger; readonly kept: () => Plan } => {
  let plan: Plan | undefined;
  const run = {
    ...REF,
    workflow: 'eval',
    release: digestOf('eval'),
    status: 'active' as const,
    rules: [],
    user: { id: 'eval', roles: [] },
    taskDigest: digestOf(text),
    steps: {},
    head: GENESIS,
    createdAt: AT.toISOString(),
    updatedAt: AT.toISOString(),
  };
  const never = async (): Promise<never> => {
    throw new Terminal('Propose moves no run');
  };
  const ledger: Ledger = {
    look: async () => ({
      run,
      input: { fields: { ticket: text }, replies: [] },
      readings: [],
      controls: [],
      counters: [],
    }),
    plan: async (_, proposed) => {
      plan = proposed;
      return proposed;
    },
    move: never,
    askAgain: never,
    requestAgain: never,
  };
  return {
    ledger,
    kept: () => {
      if (plan === undefined) throw new Terminal('Propose kept no proposal');
      return plan;
    },
  };
};

/**
 * Trains a model and asks it as production does: its bytes through the functions' own engine factory, and the engine
 * through the Propose step.
 */
export const trainProposer = (examples: readonly Example[], options?: TrainOptions): Proposer => {
  const started = performance.now();
  const model = trained(examples, options);
  const trainSeconds = (performance.now() - started) / 1_000;
  const bytes = serialise(model);
  const release = releaseOf(model.labels, sha256(bytes));
  const proposer = enginesFrom(release.proposal.engines, () => bytes);
  const deps = { release, proposer, tools: contracts, now: () => AT, traceId: () => 'untraced' };
  return {
    trainSeconds,
    modelBytes: bytes.length,
    threshold: model.threshold,
    propose: async (text) => {
      const { ledger, kept } = memory(text);
      const { confidence, abstained } = await propose.run({ ...deps, ledger }, { ...REF, action: 1 });
      return { label: kept().arguments.component, confidence, abstained };
    },
  };
};

const trained = (examples: readonly Example[], options?: TrainOptions) => {
  try {
    return train(examples, options);
  } catch (cause) {
    if (cause instanceof RangeError)
      throw new DataError(`these rows cannot train a classifier: ${cause.message}`, { cause });
    throw cause;
  }
};
