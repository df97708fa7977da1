import type { Story } from '../audit/story.ts';
import { why } from '../audit/why.ts';
import type { RunRef } from '../names.ts';
import type { Identity } from './identity.ts';
import type { Desk, Workflows } from './ports.ts';
import { auditRun } from './view.ts';

interface WhyDeps {
  readonly desk: Desk;
  readonly workflows: Workflows;
}

/** Why a run did what it did, or undefined where the tenant has none with this id that they may see. */
export const explainRun = async (
  { desk, workflows }: WhyDeps,
  by: Identity,
  ref: RunRef
): Promise<Story | undefined> => {
  const run = await desk.run(ref);
  const audit = await auditRun({ desk }, by, ref);
  if (run === undefined || audit === undefined) return undefined;
  const deployed = workflows.get(run.workflow);
  const { records, head, fault } = audit;
  const reasons = deployed?.release === run.release ? deployed.reasons : undefined;
  return why({ run: ref.run, records, head, fault, reasons });
};
