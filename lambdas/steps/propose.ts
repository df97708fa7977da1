import { propose } from '../core/steps/propose.ts';
import { enginesFrom } from '../runtime/engines.ts';
import { besideBundle } from '../runtime/environment.ts';
import { remembering } from '../runtime/remembering.ts';
import { serve } from '../runtime/serve.ts';
import { purse, stepDeps } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

const deps = { ...stepDeps(), purse: purse() };
const proposer = enginesFrom(
  deps.release.proposal.engines,
  besideBundle,
  deps.release.models,
  remembering(deps.release, 'propose')
);

export const handler = serve(propose, { ...deps, tools: contracts, proposer });
