import { archive } from '../core/audit/archive.ts';
import { archiveDeps } from '../runtime/archive.ts';
import { serve } from '../runtime/serve.ts';

export const handler = serve(archive, archiveDeps());
