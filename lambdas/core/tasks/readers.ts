import type { Run } from '../run.ts';
import type { Identity } from './identity.ts';

/** Whether somebody may see what a run is about: who can do no more than submit sees their own runs alone. */
export const maySee = ({ id, roles }: Identity, { user }: Pick<Run, 'user'>): boolean =>
  id === user.id || roles.some((role) => role !== 'submitter');
