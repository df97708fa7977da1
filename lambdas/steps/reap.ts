import { reap } from '../core/steps/reap.ts';
import { serve } from '../runtime/serve.ts';
import { purse, stepDeps } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

export const handler = serve(reap, { ...stepDeps(), purse: purse(), tools: contracts });
