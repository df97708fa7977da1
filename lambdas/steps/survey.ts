import { survey } from '../core/steps/survey.ts';
import { serve } from '../runtime/serve.ts';
import { stepDeps } from '../runtime/workflow-step.ts';
import { contracts } from '../tools/contracts.ts';

export const handler = serve(survey, { ...stepDeps(), tools: contracts });
