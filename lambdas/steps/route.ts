import { route } from '../core/steps/route.ts';
import { enginesFrom } from '../runtime/engines.ts';
import { besideBundle } from '../runtime/environment.ts';
import { remembering } from '../runtime/remembering.ts';
import { serve } from '../runtime/serve.ts';
import { purse, stepDeps } from '../runtime/workflow-step.ts';

const deps = { ...stepDeps(), purse: purse() };

export const handler = serve(route, {
  ...deps,
  eligibility: enginesFrom(
    deps.release.eligibility.engines,
    besideBundle,
    deps.release.models,
    remembering(deps.release, 'route')
  ),
});
