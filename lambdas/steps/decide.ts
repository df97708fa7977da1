import { rulesPolicy } from '../core/gate/policy.ts';
import { decide } from '../core/steps/decide.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

const deps = stepDeps();

export const handler = serve(decide, { ...deps, tools: contracts, policy: rulesPolicy(deps.release.policy) });
