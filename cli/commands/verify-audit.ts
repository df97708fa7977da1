import type { Command } from 'commander';
import type { Anchored } from '../../lambdas/core/audit/anchors.ts';
import { type Finding, findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import type { Api } from '../client.ts';
import { usage } from '../failure.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Anchoring, openAnchoring, verifyArchive } from './verify-archive.ts';

interface VerifyOptions extends SessionOptions {
  readonly all?: true;
  readonly archive?: string;
}

interface Verdict {
  readonly chain: string;
  readonly records: number;
  readonly findings: readonly Finding[];
  /** What the server itself found, where nothing was found here. */
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

const verdictOn = async (api: Api, { run: chain, isClosed }: Listed, anchoring?: Anchoring): Promise<Verdict> => {
  const { records, head, fault } = await api.audit(chain);
  const findings = findingsOf(records, head, chain);
  const { faults = [], place } = anchoring?.check(chain, records, isClosed) ?? {};
  return {
    chain,
    records: records.length,
    findings,
    ...(findings.length === 0 && fault !== undefined && { fault }),
    ...(faults.length > 0 && { unanchored: faults }),
    ...(place && { place }),
  };
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

/** One run: how it stands is asked before its records are, since what has closed stays so. */
const onlyRun = async (api: Api, run: string, isAnchored: boolean): Promise<readonly Listed[]> => [
  { run, isClosed: isAnchored && (await api.run(run)).status === 'closed' },
];

const faultsOf = ({ findings, fault, unanchored = [] }: Verdict): readonly string[] => [
  ...findings.map(sentenceOf),
  ...unanchored,
  ...(fault === undefined ? [] : [`the server says: ${fault}`]),
];

const verify = async (shell: Shell, id: string | undefined, options: VerifyOptions): Promise<number> => {
  const { archive } = options;
  if (id === undefined && !options.all && archive !== undefined)
    return verifyArchive(shell, archive, options.json === true);
  if ((id === undefined) === (options.all === undefined))
    throw usage(
      'audit verify takes the id of a run, or --all for every run of the tenant; with --archive alone it verifies the archive.'
    );
  const anchoring = archive === undefined ? undefined : await openAnchoring(archive);
  const api = await openSession(shell, options, 'auditor');
  const verdicts: Verdict[] = [];
  const listed = id === undefined ? runsOf(api) : await onlyRun(api, id, anchoring !== undefined);
  for await (const each of listed) verdicts.push(await verdictOn(api, each, anchoring));
  const others = anchoring
    ? [...anchoring.faults, ...(options.all ? anchoring.gone(new Set(verdicts.map(({ chain }) => chain))) : [])]
    : [];
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
    .option('--all', 'every run of the tenant')
    .option('--archive <folder>', "a copy of the archive's bucket, to hold them against; alone: verify it by itself")
    .action(async (id: string | undefined, _: unknown, command: Command) =>
      done(await verify(shell, id, command.optsWithGlobals<VerifyOptions>()))
    );
};
