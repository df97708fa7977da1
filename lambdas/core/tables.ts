import type { EntryKey, Kind } from './cache/cache.ts';
import type { RunRef } from './names.ts';

/*
 * Used at synthesis (IAM grants) and at run time (keys). IAM can restrict partition keys, not sort keys, so who may
 * write a thing decides its partition: each prefix below has one kind of writer.
 */

/** Prefixes of the state table's partitions. A prefix ends where the tenant begins, or with a scope where one follows. */
export const prefix = {
  /** The task's input and its replies. Written by the API alone. */
  input: 'INPUT#',
  /** What a person was asked, and the task token that waits for the answer. Written by Ask. */
  question: 'QUESTION#',
  /** What people are asked to approve, and the task token that waits for it. Written by Approve. */
  request: 'REQUEST#',
  /** What people said, and what it comes to. Written by the API alone. */
  approval: 'APPROVAL#',
  /** Status, release, audit head. Written by the API (create) and by steps that append to the audit. */
  run: 'RUN#',
  /** Proposals. Written by Propose. */
  plan: 'PLAN#',
  /** Answers of a read scope's tools. Written by that scope's function. */
  read: (scope: string) => `READ#${scope}#`,
  /** Writs. Written by Decide of the workflows that have the scope. */
  writ: (scope: string) => `WRIT#${scope}#`,
  /** Claims. Written by that scope's function. */
  claim: (scope: string) => `CLAIM#${scope}#`,
  /** What was handed to people. Written by Escalate and the reaper. */
  escalation: 'ESCALATION#',
  /** Stops and modes. Written by the API for operators. */
  control: 'CONTROL#',
  /** Controls whose subject begins so: `tenant:`, or with its end as `global#`. */
  controlOf: (subject: string) => `CONTROL#${subject}`,
  /** What was spent. Written by Decide, and by steps that ask models: those of a run, of a workflow, of a tenant. */
  budget: {
    run: 'BUDGET#run:',
    workflow: (workflow: string) => `BUDGET#workflow:${workflow}#`,
    tenant: 'BUDGET#tenant:',
  },
  /** How often a tool was authorised. Written by Decide of the workflows that have the tool. */
  rate: (tool: string) => `RATE#${tool}#`,
  /** What a workflow's own caps count. Written by its Decide. */
  cap: (workflow: string) => `CAP#${workflow}#`,
  /** Claims that are executing, in the index alone: an entry goes when its claim is settled. */
  executing: 'EXECUTING#',
  /** Claims of every scope. Nobody may write so much; the API may read it. */
  claims: 'CLAIM#',
  /** What a tenant's people are asked to approve, in the index alone. */
  pending: 'PENDING#',
  /** Records at which a chain came to rest, by day, in the index of the audit alone. */
  heads: 'HEADS#',
  /** Every control's root, in the index alone. */
  roots: 'ROOTS#',
  /** Which releases of a workflow serve, and the runs that a canary is compared by. Written by the API alone. */
  rollout: 'ROLLOUT#',
  /** Answers of one kind that may be given again. Written and read by the one who keeps them: a model step of a workflow, or a read scope. */
  cache: (kind: Kind, writer: string) => `CACHE#${kind}#${writer}#`,
  /** Runs by tenant, in the index `by-tenant`. */
  tenant: 'TENANT#',
} as const;

/** Who keeps a workflow's completions: each of its steps for itself. A read scope keeps readings under its own name. */
export const cacheWriter = (step: string, workflow: string): string => `${step}:${workflow}`;

const ofRun = (start: string, { tenant, run }: RunRef): string => `${start}${tenant}#${run}`;

/** Partition keys of one run's items. */
export const partition = {
  input: (ref: RunRef) => ofRun(prefix.input, ref),
  run: (ref: RunRef) => ofRun(prefix.run, ref),
  request: (ref: RunRef) => ofRun(prefix.request, ref),
  approval: (ref: RunRef) => ofRun(prefix.approval, ref),
  pending: (tenant: string) => `${prefix.pending}${tenant}`,
  question: (ref: RunRef) => ofRun(prefix.question, ref),
  plan: (ref: RunRef) => ofRun(prefix.plan, ref),
  read: (scope: string, ref: RunRef) => ofRun(prefix.read(scope), ref),
  writ: (scope: string, ref: RunRef) => ofRun(prefix.writ(scope), ref),
  claim: (scope: string, ref: RunRef) => ofRun(prefix.claim(scope), ref),
  escalation: (ref: RunRef) => ofRun(prefix.escalation, ref),
  control: (subject: string, shard: string) => `${prefix.control}${subject}#${shard}`,
  counter: (subject: string, shard: number) => `${subject}#${shard}`,
  rollout: (workflow: string) => `${prefix.rollout}${workflow}`,
  sample: (
    { workflow, release, since }: { readonly workflow: string; readonly release: string; readonly since: string },
    shard: number
  ) => `${prefix.rollout}${workflow}#${release}#${since}#${shard}`,
  cache: ({ kind, writer, tenant, digest }: EntryKey) => `${prefix.cache(kind, writer)}${tenant}#${digest}`,
  executing: (shard: number) => `${prefix.executing}${shard}`,
  tenant: (tenant: string) => `${prefix.tenant}${tenant}`,
  heads: (day: string, shard: number) => `${prefix.heads}${day}#${shard}`,
} as const;

/**
 * What counters are of: their partition key without the shard. Counters that many runs share are spread over shards, each in
 * a partition of its own, so that no item limits how many runs can use them at once.
 */
export const counted = {
  byRun: (ref: RunRef) => ofRun(prefix.budget.run, ref),
  byWorkflow: (workflow: string) => prefix.budget.workflow(workflow).slice(0, -1),
  byTenant: (tenant: string) => `${prefix.budget.tenant}${tenant}`,
  byTool: (tool: string, tenant: string) => `${prefix.rate(tool)}${tenant}`,
  byCap: (
    workflow: string,
    { rule, tenant, values }: { readonly rule: string; readonly tenant: string; readonly values: string }
  ) => `${prefix.cap(workflow)}${tenant}#${rule}#${values}`,
} as const;

/** Partition keys of the audit table: one chain per run, and one per control. */
export const chainKey = {
  run: (ref: RunRef) => ofRun(prefix.run, ref),
  control: (subject: string) => `${prefix.control}${subject}`,
} as const;

/** How long content is kept: what people wrote and what was read. Runs, writs and the audit stay. */
export const CONTENT_RETENTION_DAYS = 90;

/** How many partitions of the index share the executing claims: each takes some 500 actions a second. */
export const EXECUTING_SHARDS = 8;

/** How many partitions share the runs that a canary is compared by: each takes some 500 runs a second. */
export const SAMPLE_SHARDS = 8;

/** The index that lists a tenant's runs, newest last by its sort key, and beside them the claims that are executing and the roots of controls. */
export const BY_TENANT = 'by-tenant';

/** The index of the audit that lists, by day, where chains came to rest. Its sort key is the hash of that record. */
export const BY_DAY = 'by-day';
