import { chain } from '../audit/record.ts';
import { digestOf } from '../digest.ts';
import { type ControlLevel, isInForce } from '../gate/controls.ts';
import type { Control } from '../records.ts';
import type { Identity } from './identity.ts';
import type { ControlRoot } from './ports.ts';
import { heldBy, mayRelax, relaxes } from './relaxing.ts';

/** What somebody asks of a control. */
interface Wanted extends Pick<Control, 'stopped' | 'reason' | 'stops' | 'until' | 'mode'> {
  readonly expects?: string | undefined;
}

interface Circumstances {
  readonly operatorTenant: string;
  readonly now: () => Date;
  readonly traceId: () => string;
}

/** The digest of what was asked, of a change that may be sent again. */
export const requestOf = (change: Wanted): string | undefined =>
  change.expects === undefined ? undefined : digestOf(change);

/** What a change makes of a control; or `held`, where it would relax what the operating tenant holds. */
export const make = (
  { now, traceId, operatorTenant }: Circumstances,
  by: Identity,
  {
    subject,
    level,
    change,
    root,
  }: { readonly subject: string; readonly level: ControlLevel; readonly change: Wanted; readonly root: ControlRoot }
) => {
  const { control: before, held: heldBefore, head } = root;
  const { stopped, reason, mode: wanted, stops = 'writes', until } = change;
  const time = now();
  const at = time.toISOString();
  const inForce = before && isInForce(before, time) ? before : undefined;
  const of = stopped ? { stops, ...(until !== undefined && { until }) } : {};
  const mode = wanted ?? before?.mode;
  const status = stopped ? 'stopped' : 'running';
  const control: Control = { subject, stopped, ...of, ...(mode && { mode }), reason, by: by.id, at };
  if (!mayRelax(by, control, { held: heldBefore, operatorTenant, now: time })) return 'held';
  const speaksForAll = by.tenant === operatorTenant && level === 'tenant';
  const held = speaksForAll ? heldBy(control, { mode: wanted, before: heldBefore }) : heldBefore;
  const isWeaker = before !== undefined && relaxes(control, before, time);
  const request = requestOf(change);
  const record = chain(
    head,
    {
      step: 'control',
      args_redacted: {
        stopped,
        ...of,
        reason,
        ...(mode && { mode }),
        ...(inForce && { replaces: stopOf(inForce) }),
        ...(request !== undefined && { request }),
      },
      policy: { decision: status, rule_ids: [] },
      result: { status },
    },
    { trace_id: traceId(), run_id: subject, at, user: { id: by.id, tenant: by.tenant }, release: 'none' }
  );
  return { control, record, inForce, held, isWeaker };
};

/** A stop in the chain of the one that replaces it. */
const stopOf = ({ stops = 'writes', until, at }: Control) => ({ stops, ...(until !== undefined && { until }), at });
