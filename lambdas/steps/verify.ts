import { verify } from '../core/steps/verify.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

export const handler = serve(verify, { ...stepDeps(), tools: contracts });
