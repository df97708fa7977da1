import { approve } from '../core/steps/approve.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';

export const handler = serve(approve, stepDeps());
