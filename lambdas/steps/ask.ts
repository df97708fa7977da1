import { ask } from '../core/steps/ask.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';

export const handler = serve(ask, stepDeps());
