import { rulesPolicy } from '../core/gate/policy.ts';
import { decideOrUndo } from '../core/steps/undo.ts';
import { serve } from '../runtime/serve.ts';
import { purse, stepDeps, warn } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

const deps = { ...stepDeps(), counters: purse().counters, tools: contracts, warn };

export const handler = serve(decideOrUndo, { ...deps, policy: rulesPolicy(deps.release.policy) });
