import { serveReads } from '../../runtime/scope.ts';
import { jira } from './system.ts';

export const handler = serveReads(jira);
