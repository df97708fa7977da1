import type { Head } from '../audit/record.ts';
import { controlSubject, isInForce } from '../gate/controls.ts';
import type { Control, Held } from '../records.ts';
import type { ControlDeps } from './control.ts';
import type { Identity } from './identity.ts';

/** A control as it is listed: a stop that has ended by itself stays until somebody sets the control anew. */
export type Shown = Control & { readonly head: Head; readonly held?: Held; readonly expired?: boolean };

/**
 * How controls stand. The operating tenant sees every one that was ever set, other tenants their own: why everything is
 * stopped is nothing that one tenant tells another.
 */
export const listControls = async (
  { controls, operatorTenant, now }: Pick<ControlDeps, 'controls' | 'operatorTenant' | 'now'>,
  { tenant }: Identity
): Promise<readonly Shown[]> => {
  const at = now();
  const roots =
    tenant === operatorTenant ? await controls.all() : [await controls.root(controlSubject('tenant', tenant))];
  return roots.flatMap(({ control, head, held }) =>
    control
      ? [
          {
            ...control,
            head,
            ...(held && { held }),
            ...(control.stopped && !isInForce(control, at) && { expired: true }),
          },
        ]
      : []
  );
};
