import { rulesPolicy } from '../core/gate/policy.ts';
import { decide } from '../core/steps/decide.ts';
import { serve } from '../runtime/serve.ts';
import { purse, stepDeps, warn } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

const deps = { ...stepDeps(), counters: purse().counters, tools: contracts, warn };

export const handler = serve(decide, { ...deps, policy: rulesPolicy(deps.release.policy) });
