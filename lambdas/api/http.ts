import { serveApi } from '../runtime/api.ts';

export const handler = serveApi();
