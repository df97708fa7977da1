import { respond } from '../core/steps/close.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';

export const handler = serve(respond, stepDeps());
