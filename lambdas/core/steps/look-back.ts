import { Terminal } from '../errors.ts';
import type { Left } from '../gate/undo.ts';
import type { RunRef } from '../names.ts';
import type { Tools } from '../provenance.ts';
import type { Run } from '../run.ts';
import { writeToolOf } from './decide.ts';
import { sourcesOf } from './evidence.ts';
import type { StepDeps } from './step.ts';

/** What a run left behind of one action, with where each piece of it lies. */
export const lookBack = async (
  deps: Pick<StepDeps, 'ledger' | 'release'> & { readonly tools: Tools },
  of: RunRef,
  action: number
): Promise<Left & { readonly sources: ReturnType<typeof sourcesOf> }> => {
  const { scope, seenBy } = writeToolOf(deps);
  const seer = deps.tools[seenBy];
  if (seer === undefined) throw new Terminal(`what ${scope} writes is seen by ${seenBy}, which is not a tool here`);
  const found = await deps.ledger.look(of, {
    readings: [{ scope: seer.scope, tool: seer.name, call: 'before' }],
    writ: { scope, action },
    claim: { scope, action },
  });
  if (found === undefined) throw new Terminal(`there is no run ${of.run} of tenant ${of.tenant} to undo`);
  const [before] = found.readings;
  return { writ: found.writ, claim: found.claim, before, sources: sourcesOf(found) };
};

/** Whether Verify has found that an action of the run does not show. */
export const hasMismatch = ({ steps }: Pick<Run, 'steps'>, action: number): boolean => {
  const answer = steps[`verify#${action}`];
  return typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'mismatch';
};
