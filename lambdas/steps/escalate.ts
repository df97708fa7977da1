import { escalate } from '../core/steps/close.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

export const handler = serve(escalate, { ...stepDeps(), tools: contracts });
