import * as z from 'zod';

/**
 * How far a workflow may go by itself. `shadow` and `suggest` issue no writs: proposals are recorded, nothing is done.
 * `supervised`: each permitted write waits for a person's approval. `autopilot`: only what a rule asks for, or what
 * cannot be undone, does.
 */
export const Mode = z.enum(['shadow', 'suggest', 'supervised', 'autopilot']);
export type Mode = z.infer<typeof Mode>;

/** Whether a mode lets a workflow do by itself what another does not. */
export const isLooser = (mode: Mode, than: Mode): boolean => Mode.options.indexOf(mode) > Mode.options.indexOf(than);

/** Whether writs are issued at all. */
export const acts = (mode: Mode): boolean => mode === 'supervised' || mode === 'autopilot';
