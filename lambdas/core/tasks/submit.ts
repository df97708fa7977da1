import { chain, GENESIS, headOf } from '../audit/record.ts';
import { digestOf } from '../digest.ts';
import { Terminal } from '../errors.ts';
import { controlsOverRun, type StopRule, stopAmong } from '../gate/controls.ts';
import { type Served, sampleOf, servedTo } from '../releases/rollout.ts';
import type { Run } from '../run.ts';
import { partition } from '../tables.ts';
import { checkInput, type FieldError } from './fields.ts';
import type { Identity } from './identity.ts';
import { lookAfter } from './look-after.ts';
import type { Controls, Desk, Executions } from './ports.ts';
import { type ReleaseDeps, rolloutNow } from './releases.ts';
import { randomRunId, runIdOf } from './run-id.ts';

export interface SubmitDeps extends ReleaseDeps {
  readonly desk: Desk;
  readonly controls: Pick<Controls, 'over'>;
  readonly executions: Executions;
  /** Told where looking after a canary failed: the run is accepted all the same. */
  readonly lookFailed: (error: unknown) => void;
  readonly random: (bytes: number) => Uint8Array;
}

export interface Task {
  readonly workflow: string;
  /** As it was sent: nothing is known of it yet. */
  readonly input: Readonly<Record<string, unknown>>;
  /** The same key of the same user names the same run. Without one every submission is a run of its own. */
  readonly key?: string | undefined;
}

export type Submission =
  | { readonly kind: 'accepted'; readonly run: Run }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] }
  /** The key belongs to a run with another body, or to somebody else's. */
  | { readonly kind: 'conflict' }
  /** Somebody has stopped everything: nothing was accepted. */
  | { readonly kind: 'stopped'; readonly rule: StopRule }
  /** The run was accepted under a release that is gone, and nothing shows that it was ever started. */
  | { readonly kind: 'release-gone'; readonly run: Run };

/** Whether the run itself shows that its execution has begun. */
export const hasBegun = ({ status, steps }: Run): boolean => status !== 'active' || Object.keys(steps).length > 0;

/**
 * Accepts a task: writes its run, then starts the execution. A submission that wrote the run but could not start it is
 * repaired by the next one with its key: that finds the run and starts it, on the version that the run keeps, whatever serves by then. While
 * everything is stopped no run is made; one that was made before is answered as ever.
 */
export const submit = async (deps: SubmitDeps, by: Identity, { workflow, input, key }: Task): Promise<Submission> => {
  const deployed = deps.workflows.get(workflow);
  if (deployed === undefined) {
    const expected = `one of ${[...deps.workflows.keys()].join(', ')}`;
    return {
      kind: 'invalid',
      errors: [{ field: 'workflow', expected, found: 'a workflow that is not deployed here' }],
    };
  }
  const id = key === undefined ? randomRunId(deps.random) : runIdOf(by.tenant, key);
  const { rollout } = await rolloutNow(deps, workflow, deployed);
  const served = servedTo(rollout, { tenant: by.tenant, run: id });
  const checked = checkInput(served.input, input);
  if ('errors' in checked) {
    const errors = checked.errors.map((error) => ({ ...error, field: inputPath(error.field) }));
    return { kind: 'invalid', errors };
  }

  const made = make(deps, by, { id, workflow, served, input: checked.input });
  const over = controlsOverRun(by.tenant, workflow);
  const seen = await deps.controls.over(
    made.run,
    over.map(({ subject }) => subject)
  );
  const stop = stopAmong(seen, over, { now: deps.now(), of: 'everything' });
  if (stop !== undefined && (await deps.desk.run(made.run)) === undefined) return { kind: 'stopped', rule: stop };
  const created = await deps.desk.create(
    made.run,
    checked.input,
    made.record,
    sampleOf(rollout, served.release, made.run)
  );
  const run = created === 'created' ? made.run : await deps.desk.run(made.run);
  if (run === undefined) throw new Terminal(`run ${id} exists and cannot be found`);

  if (run.user.id !== by.id || run.taskDigest !== made.run.taskDigest) return { kind: 'conflict' };
  if (hasBegun(run)) return { kind: 'accepted', run };
  const machine = run.machine ?? (run.release === served.release ? served.machine : undefined);
  if (machine === undefined) return { kind: 'release-gone', run };
  await deps.executions.start(machine, { tenant: run.tenant, run: run.run, workflow });
  if (run.release === rollout.candidate?.release) await lookAfter(deps, rollout).catch(deps.lookFailed);
  return { kind: 'accepted', run };
};

const inputPath = (field: string): string => (field === 'input' ? field : `input.${field}`);

const make = (
  { now, traceId }: SubmitDeps,
  { id: user, tenant, roles }: Identity,
  task: {
    readonly id: string;
    readonly workflow: string;
    readonly served: Served;
    readonly input: Readonly<Record<string, string>>;
  }
) => {
  const at = now().toISOString();
  const ref = { tenant, run: task.id };
  const record = chain(
    GENESIS,
    {
      step: 'submit',
      workflow: task.workflow,
      result: { status: 'accepted' },
      sources: [{ ref: partition.input(ref), sha256: digestOf({ fields: task.input, replies: [] }) }],
    },
    { trace_id: traceId(), run_id: task.id, at, user: { id: user, tenant }, release: task.served.release }
  );
  const run: Run = {
    ...ref,
    workflow: task.workflow,
    release: task.served.release,
    machine: task.served.machine,
    status: 'active',
    rules: [],
    user: { id: user, roles: [...roles] },
    taskDigest: digestOf({ workflow: task.workflow, input: task.input }),
    steps: {},
    head: headOf(record),
    createdAt: at,
    updatedAt: at,
  };
  return { run, record };
};
