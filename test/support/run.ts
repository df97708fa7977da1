import { randomUUID } from 'node:crypto';
import type { Connection } from '../../lambdas/adapters/dynamodb/connection.ts';
import { dynamoCounters } from '../../lambdas/adapters/dynamodb/counters.ts';
import { keys } from '../../lambdas/adapters/dynamodb/keys.ts';
import { dynamoLedger } from '../../lambdas/adapters/dynamodb/ledger.ts';
import { dynamoTable } from '../../lambdas/adapters/dynamodb/table.ts';
import type { AuditEvent, AuditRecord } from '../../lambdas/core/audit/record.ts';
import type { Engine } from '../../lambdas/core/engine/engine.ts';
import { rulesEngine } from '../../lambdas/core/engine/rules.ts';
import { shardOf } from '../../lambdas/core/gate/controls.ts';
import { rulesPolicy } from '../../lambdas/core/gate/policy.ts';
import type { Ledger } from '../../lambdas/core/ledger.ts';
import type { Standing } from '../../lambdas/core/limits/limit.ts';
import type { RunRef } from '../../lambdas/core/names.ts';
import type { Tools } from '../../lambdas/core/provenance.ts';
import { type Control, Writ } from '../../lambdas/core/records.ts';
import { Run } from '../../lambdas/core/run.ts';
import { chainKey } from '../../lambdas/core/tables.ts';
import type { WorkflowRelease } from '../../lambdas/core/workflow.ts';
import { contracts } from '../../lambdas/tools/contracts.ts';
import { AT, aReading, aRelease, aRun } from './builders.ts';
import type { Dynoxide } from './dynoxide.ts';

export interface Given {
  readonly fields?: Readonly<Record<string, string>>;
  readonly release?: WorkflowRelease;
  readonly run?: Partial<Run>;
  readonly tools?: Tools;
  readonly ledger?: (real: Ledger) => Ledger;
  /** What the steps speak to; the test itself always speaks to the real one. */
  readonly connection?: Connection;
  readonly now?: () => Date;
  readonly proposer?: Engine;
  readonly eligibility?: Engine;
}

/** What the step itself said of a record, without what every record of its run says. */
export const eventOf = (record: AuditRecord | undefined): AuditEvent => {
  if (record === undefined) throw new Error('there is no record');
  const { trace_id, run_id, seq, at, user, release, prev_hash, hash, ...event } = record;
  return event;
};

/** A run that was just submitted, and everything that its steps need. */
export const givenRun = async (
  dynoxide: Dynoxide,
  {
    fields,
    release = aRelease(),
    run: about = {},
    ledger: wrapped,
    tools = contracts,
    connection = dynoxide.connection,
    now = () => AT,
    proposer,
    eligibility,
  }: Given = {}
) => {
  const state = dynamoTable(dynoxide.connection, dynoxide.state);
  const audit = dynamoTable(dynoxide.connection, dynoxide.audit);
  const { run, record } = aRun(about);
  const input = fields ?? { summary: 'the vpn drops', issueKey: 'OPS-1' };
  await state.put({ ...keys.run(run), content: run });
  await state.put({ ...keys.input(run), content: input });
  await audit.put({ ...keys.audit(chainKey.run(run), 0), content: record });

  const real = dynamoLedger(connection, dynoxide);
  const shared = {
    ledger: wrapped?.(real) ?? real,
    release,
    now,
    traceId: () => 'untraced',
    tools,
  };
  const engine = (spec: WorkflowRelease['proposal']['engines'][0] | undefined) =>
    rulesEngine('words', spec?.kind === 'rules' ? spec.rules : []);
  const warnings: Standing[] = [];
  const counters = dynamoCounters(connection, dynoxide.state);
  const warn = (_: RunRef, budget: Standing) => void warnings.push(budget);
  const deps = {
    ...shared,
    eligibility: eligibility ?? engine(release.eligibility.engines[0]),
    proposer: proposer ?? engine(release.proposal.engines[0]),
    policy: rulesPolicy(release.policy),
    counters,
    purse: { counters, newId: () => randomUUID(), warn },
    warn,
  };
  const ref = { tenant: run.tenant, run: run.run };
  const read = (call: 'before' | 'after', output: Record<string, unknown>) => {
    const reading = aReading({ call, output });
    return state.put({ ...keys.reading(run, reading), content: reading });
  };
  const control = (control: Partial<Control> & { subject: string }) =>
    state.put({
      ...keys.control(control.subject, shardOf(ref)),
      content: { stopped: false, reason: 'a test', by: 'op', at: AT.toISOString(), ...control },
    });
  const kept = async () => {
    const item = await state.get(keys.run(run));
    const { items } = await audit.query({ partition: chainKey.run(run) });
    return { run: Run.parse(item?.content), records: items.map(({ content }) => content as AuditRecord) };
  };
  const writs = async (): Promise<readonly Writ[]> => {
    const { items } = await state.query({ partition: `WRIT#jira:write#${run.tenant}#${run.run}` });
    return items.map(({ content }) => Writ.parse(content));
  };
  return { state, run, ref, deps, read, control, kept, writs, warnings };
};
