import * as z from 'zod';
import { AuditRecord, Head } from '../audit/record.ts';
import { faultOf } from '../audit/verify.ts';
import { Retryable } from '../errors.ts';
import { controlSubject } from '../gate/controls.ts';
import { type ControlDeps, type Target, targetErrors } from './control.ts';
import type { Identity } from './identity.ts';

export const ControlAudit = z.strictObject({
  subject: z.string(),
  head: Head,
  fault: z.string().optional(),
  records: z.array(AuditRecord),
});
export type ControlAudit = z.infer<typeof ControlAudit>;

/** How often root and chain are read again when somebody sets the control in between. */
const TRIES = 5;

/**
 * Who said what of a control, and the first fault of its chain, with the root and the chain as they were at one moment. The operating
 * tenant sees every one, others their own; `unknown` where nobody ever set it, or there can be no such control.
 */
export const auditControl = async (
  { controls, operatorTenant }: Pick<ControlDeps, 'controls' | 'operatorTenant'>,
  { tenant }: Identity,
  target: Target
): Promise<ControlAudit | 'forbidden' | 'unknown'> => {
  const isOwn = target.level === 'tenant' && target.name === tenant;
  if (tenant !== operatorTenant && !isOwn) return 'forbidden';
  if (targetErrors(target).length > 0) return 'unknown';
  const subject = controlSubject(target.level, target.name);
  let { head } = await controls.root(subject);
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const { records, unreadable } = await controls.chain(subject);
    const { head: after } = await controls.root(subject);
    if (after.hash === head.hash) {
      if (head.seq < 0 && records.length === 0 && unreadable === undefined) return 'unknown';
      const fault =
        unreadable === undefined ? faultOf(records, head, subject) : `record ${unreadable} is not a record of an audit`;
      return { subject, head, ...(fault !== undefined && { fault }), records: [...records] };
    }
    head = after;
  }
  throw new Retryable(`control ${subject} kept changing while its audit was read`);
};
