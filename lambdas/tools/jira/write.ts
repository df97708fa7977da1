import { serveWrites } from '../../runtime/scope.ts';
import { jira } from './system.ts';

export const handler = serveWrites(jira);
