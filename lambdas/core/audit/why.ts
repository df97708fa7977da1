import { STANDING_REASONS } from '../gate/reasons.ts';
import type { AuditRecord, Head } from './record.ts';
import type { About, Reason, Statement, Story } from './story.ts';
import { tell } from './tell.ts';
import { faultOf } from './verify.ts';
import { own, statusOf, stepOf } from './words.ts';

/** The records of a run, where its chain ends, and what the rules of its release say of themselves, if that is known. */
export interface Told {
  readonly run: string;
  readonly records: readonly AuditRecord[];
  readonly head: Head;
  /** What was found already to be wrong with the chain. */
  readonly fault?: string | undefined;
  readonly reasons?: Readonly<Record<string, string>> | undefined;
}

/** What engines and tools cost: an answer that several records rely on is counted once. */
const costOf = (records: readonly AuditRecord[]): number => {
  const seen = new Set<string>();
  return records.reduce((sum, { step, model, tool, sources = [] }) => {
    const plan = sources.find(({ ref }) => ref.startsWith('PLAN#'));
    const answer = plan === undefined ? step : `${plan.ref} ${plan.sha256}`;
    const charged = sum + (tool?.cost_microusd ?? 0);
    if (model === undefined || seen.has(answer)) return charged;
    seen.add(answer);
    return charged + model.cost_microusd;
  }, 0);
};

const OUTCOMES: Readonly<Record<string, (record: AuditRecord) => string>> = {
  respond: statusOf,
  escalate: () => 'escalated',
  reap: () => 'failed',
};

const REPEATED: readonly About[] = ['read', 'proposed', 'approved', 'written'];

/**
 * Tells from a run's audit alone why it did what it did: every sentence names the record that proves it. Pure; whether the chain
 * holds is said by the verifier of chains, and where it does not hold the story is told all the same, with the fault.
 */
export const why = ({ run, records, head, fault: known, reasons }: Told): Story => {
  const reasonOf = (id: string): Reason => {
    const because = own(reasons ?? {}, id) ?? own(STANDING_REASONS, id);
    return { id, ...(because !== undefined && { because }) };
  };
  const told = new Set<string>();
  /** Later records repeat what was read and proposed, what people said, and how a writ was used. */
  const isNew = ({ about, text, claim, writ }: Statement): boolean => {
    if (!REPEATED.includes(about)) return true;
    const key = about === 'written' ? JSON.stringify([claim, writ]) : text;
    return !told.has(key) && told.add(key) !== undefined;
  };
  const statements = records
    .flatMap((record) => {
      const { at, seq, hash } = record;
      return tell(record, reasonOf).map(
        ([about, text, facts = {}]): Statement => ({ about, text, at, proof: { seq, hash }, ...facts })
      );
    })
    .filter(isNew);
  const [first] = records;
  // what was asked of a closed run, such as its undo, comes after its end
  const outcome = records.flatMap((record) => own(OUTCOMES, stepOf(record))?.(record) ?? []).at(-1);
  const fault = known ?? faultOf(records, head, run);
  return {
    run,
    ...(first && { tenant: first.user.tenant, user: first.user.id, release: first.release }),
    ...(first?.workflow !== undefined && { workflow: first.workflow }),
    ...(outcome !== undefined && { outcome }),
    cost_microusd: costOf(records),
    knows_release: reasons !== undefined,
    head,
    ...(fault !== undefined && { fault }),
    statements,
  };
};
