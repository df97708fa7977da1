import type { Command } from 'commander';
import type { Anchored } from '../../lambdas/core/audit/anchors.ts';
import { type Finding, findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import type { AuditTrail } from '../api-shapes.ts';
import type { Api, Level } from '../client.ts';
import { usage } from '../failure.ts';
import { ApiProblem } from '../http.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Anchoring, openAnchoring, verifyArchive } from './verify-archive.ts';

interface VerifyOptions extends SessionOptions {
  readonly all?: true;
  readonly archive?: string;
  readonly controls?: true;
}

interface Verdict {
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

interface Listed {
  readonly run: string;
  readonly isClosed: boolean;
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

const PAGE = 100;
const FORBIDDEN = 403;

async function* runsOf(api: Api): AsyncGenerator<Listed> {
  let cursor: string | undefined;
  do {
    const page = await api.runs({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    for (const { run, status } of page.runs) yield { run, isClosed: status === 'closed' };
    cursor = page.next;
  } while (cursor !== undefined);
}

/** One run: how it stands is asked before its records are, since what has closed stays so. */
const onlyRun = async (api: Api, run: string, isAnchored: boolean): Promise<readonly Listed[]> => [
  { run, isClosed: isAnchored && (await api.run(run)).status === 'closed' },
];

/** Every control that the caller may see. */
const controlsOf = async (api: Api, anchoring?: Anchoring): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const { subject } of (await api.controls()).controls) {
    const [level = '', ...name] = subject.split(':');
    const ask = () => api.controlAudit(level as Level, name.join(':'));
    verdicts.push(await verdictOn(subject, ask, (records) => anchoring?.control(subject, records)));
  }
  return verdicts;
};

/** Runs are every role's to see, controls are not: where both are asked for, what could not be looked at is said. */
const notSeen =
  ({ err }: Shell, areAllThatIsAsked: true | undefined) =>
  (error: unknown): readonly Verdict[] => {
    if (areAllThatIsAsked || !(error instanceof ApiProblem) || error.status !== FORBIDDEN) throw error;
    err.line('Controls were not looked at: that takes the role operator or auditor.');
    return [];
  };

const faultsOf = ({ findings, fault, unanchored = [] }: Verdict): readonly string[] => [
  ...(fault === undefined ? [] : [`the server says: ${fault}`]),
  ...findings.map(sentenceOf),
  ...unanchored,
];

const verify = async (shell: Shell, id: string | undefined, options: VerifyOptions): Promise<number> => {
  const { all, controls, archive } = options;
  const asked = [id, all, controls].filter((given) => given !== undefined).length;
  if (asked === 0 && archive !== undefined) return verifyArchive(shell, archive, options.json === true);
  if (asked !== 1)
    throw usage(
      'audit verify takes the id of a run, --controls, or --all for every run of the tenant and every control; with --archive alone it verifies the archive.'
    );
  const anchoring = archive === undefined ? undefined : await openAnchoring(archive);
  const api = await openSession(shell, options, 'auditor');
  const verdicts: Verdict[] = [];
  if (id !== undefined || all)
    for await (const { run, isClosed } of id === undefined
      ? runsOf(api)
      : await onlyRun(api, id, anchoring !== undefined))
      verdicts.push(
        await verdictOn(
          run,
          () => api.audit(run),
          (records) => anchoring?.run(run, records, isClosed)
        )
      );
  const runs = new Set(verdicts.map(({ chain }) => chain));
  if (id === undefined) verdicts.push(...(await controlsOf(api, anchoring).catch(notSeen(shell, controls))));
  const others = anchoring ? [...anchoring.faults, ...(all ? anchoring.gone(runs) : [])] : [];
  const records = verdicts.reduce((sum, verdict) => sum + verdict.records, 0);
  const broken = verdicts.filter((verdict) => faultsOf(verdict).length > 0);
  const code = broken.length === 0 && others.length === 0 ? 0 : 1;
  const held = verdicts.filter(({ place }) => place !== undefined).length;
  const { out } = shell;
  if (options.json) {
    const proof = id === undefined ? undefined : anchoring?.proof(verdicts[0]?.place);
    const more = anchoring && { anchored: held, archive: { days: anchoring.days, faults: others }, proof };
    out.line(safeJson({ chains: verdicts.length, records, broken, ...more }));
    return code;
  }
  for (const fault of others) out.line(`${out.paint('bad', 'Broken:')} ${clean(`the archive: ${fault}`)}.`);
  for (const verdict of broken)
    for (const fault of faultsOf(verdict))
      out.line(`${out.paint('bad', 'Broken:')} ${clean(`${verdict.chain}: ${fault}`)}.`);
  const verdict = code === 0 ? out.paint('good', 'Intact:') : out.paint('bad', 'Not intact:');
  out.line(
    `${verdict} ${verdicts.length} ${verdicts.length === 1 ? 'chain' : 'chains'}, ${records} records, each hash recomputed here; ${broken.length} broken.`
  );
  if (anchoring)
    out.line(
      `The archive has ${anchoring.days} days; ${held} of these chains end in one of its roots, others are not due yet.`
    );
  return code;
};

export const addVerify = (audit: Command, shell: Shell, done: (code: number) => void): void => {
  audit
    .command('verify')
    .description('recompute audit chains and name every record that is not as it was written')
    .argument('[run]', 'its id')
    .option('--all', 'every run of the tenant, and every control that may be seen')
    .option('--controls', 'every control that may be seen: who stopped what, and who resumed')
    .option('--archive <folder>', "a copy of the archive's bucket, to hold them against; alone: verify it by itself")
    .action(async (id: string | undefined, _: unknown, command: Command) =>
      done(await verify(shell, id, command.optsWithGlobals<VerifyOptions>()))
    );
};
