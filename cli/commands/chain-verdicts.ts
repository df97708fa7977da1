import type { Anchored } from '../../lambdas/core/audit/anchors.ts';
import { type Finding, findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import type { AuditTrail } from '../api-shapes.ts';
import type { Api, Level } from '../client.ts';
import { Failure, messageOf } from '../failure.ts';
import type { Anchoring } from './verify-archive.ts';

export interface Verdict {
  readonly chain: string;
  readonly records: number;
  readonly findings: readonly Finding[];
  /** What the server says, where it was not found here: it alone has seen what is no record at all. */
  readonly fault?: string;
  /** Where it is not what was anchored. */
  readonly unanchored?: readonly string[];
  /** Where its end is in the archive. */
  readonly place?: NonNullable<Anchored['place']>;
}

/** A chain, or a list of them, that could not be read: nobody knows whether it is intact. */
export interface Unread {
  readonly chain: string;
  readonly because: string;
}

export interface Looked {
  readonly verdicts: readonly Verdict[];
  readonly unread: readonly Unread[];
}

/** What is asked for a chain: a run by its id, a control by its subject. */
type Source = Pick<AuditTrail, 'records' | 'head' | 'fault'>;
/** Holds the records of a chain against what was anchored. */
type Hold = (records: Source['records']) => Anchored | undefined;

const verdictOn = async (chain: string, ask: () => Promise<Source>, hold: Hold): Promise<Verdict> => {
  const { records, head, fault } = await ask();
  const findings = findingsOf(records, head, chain);
  const isFoundHere = findings.map(sentenceOf).some((sentence) => sentence === fault);
  const { faults = [], place } = hold(records) ?? {};
  return {
    chain,
    records: records.length,
    findings,
    ...(fault !== undefined && !isFoundHere && { fault }),
    ...(faults.length > 0 && { unanchored: faults }),
    ...(place && { place }),
  };
};

interface Listed {
  readonly run: string;
  readonly isClosed: boolean;
}

const verdictOnRun = (api: Api, { run, isClosed }: Listed, anchoring?: Anchoring): Promise<Verdict> =>
  verdictOn(
    run,
    () => api.audit(run),
    (records) => anchoring?.run(run, records, isClosed)
  );

/** One run: how it stands is asked before its records are, since what has closed stays so. */
export const oneRun = async (api: Api, run: string, anchoring?: Anchoring): Promise<Looked> => {
  const isClosed = anchoring !== undefined && (await api.run(run)).status === 'closed';
  return { verdicts: [await verdictOnRun(api, { run, isClosed }, anchoring)], unread: [] };
};

/** What a failure to read comes to; anything else ends the command. */
const unreadOf = (chain: string, error: unknown): Unread => {
  if (!(error instanceof Failure)) throw error;
  return { chain, because: messageOf(error) };
};

/** Looks at one chain after the other. One that cannot be read keeps no other from being looked at, nor does a list that ends early. */
const eachOf = async <Named>(
  list: string,
  those: AsyncIterable<Named>,
  nameOf: (one: Named) => string,
  look: (one: Named) => Promise<Verdict>
): Promise<Looked> => {
  const verdicts: Verdict[] = [];
  const unread: Unread[] = [];
  try {
    for await (const one of those)
      await look(one).then(
        (verdict) => verdicts.push(verdict),
        (error: unknown) => unread.push(unreadOf(nameOf(one), error))
      );
  } catch (error) {
    if (verdicts.length + unread.length === 0) throw error;
    unread.push(unreadOf(list, error));
  }
  return { verdicts, unread };
};

const PAGE = 100;

async function* runsOf(api: Api): AsyncGenerator<Listed> {
  let cursor: string | undefined;
  do {
    const page = await api.runs({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    for (const { run, status } of page.runs) yield { run, isClosed: status === 'closed' };
    cursor = page.next;
  } while (cursor !== undefined);
}

/** What stands for the list of runs among what could not be read. */
const LIST_OF_RUNS = 'the list of runs';

/** Every run of the tenant. */
export const everyRun = (api: Api, anchoring?: Anchoring): Promise<Looked> =>
  eachOf(
    LIST_OF_RUNS,
    runsOf(api),
    ({ run }) => run,
    (listed) => verdictOnRun(api, listed, anchoring)
  );

/** The runs that were listed, unless the list could not be read to its end. */
export const listedIn = ({ verdicts, unread }: Looked): ReadonlySet<string> | undefined => {
  const listed = new Set([...verdicts, ...unread].map(({ chain }) => chain));
  return listed.has(LIST_OF_RUNS) ? undefined : listed;
};

async function* controlsOf(api: Api): AsyncGenerator<string> {
  for (const { subject } of (await api.controls()).controls) yield subject;
}

const LIST_OF_CONTROLS = 'the list of controls';

/** Every control that the caller may see. */
export const everyControl = (api: Api, anchoring?: Anchoring): Promise<Looked> =>
  eachOf(
    LIST_OF_CONTROLS,
    controlsOf(api),
    (subject) => subject,
    (subject) => {
      const [level = '', ...name] = subject.split(':');
      return verdictOn(
        subject,
        () => api.controlAudit(level as Level, name.join(':')),
        (records) => anchoring?.control(subject, records)
      );
    }
  );

/** Where the list of controls could not be read at all. */
export const noControls = (error: unknown): Looked => ({ verdicts: [], unread: [unreadOf(LIST_OF_CONTROLS, error)] });
