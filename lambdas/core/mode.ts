import * as z from 'zod';

/** How far a workflow may go by itself. `shadow` and `suggest` issue no writs: proposals are recorded, nothing is done. */
export const Mode = z.enum(['shadow', 'suggest', 'autopilot']);
export type Mode = z.infer<typeof Mode>;
