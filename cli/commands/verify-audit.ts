import type { Command } from 'commander';
import { sentenceOf } from '../../lambdas/core/audit/verify.ts';
import { usage } from '../failure.ts';
import { ApiProblem } from '../http.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { everyControl, everyRun, type Looked, listedIn, noControls, oneRun, type Verdict } from './chain-verdicts.ts';
import { openAnchoring, verifyArchive } from './verify-archive.ts';

interface VerifyOptions extends SessionOptions {
  readonly all?: true;
  readonly archive?: string;
  readonly controls?: true;
}

const FORBIDDEN = 403;

/** Runs are every role's to see, controls are not: where both are asked for, what could not be looked at is said. */
const notSeen =
  ({ err }: Shell, areAllThatIsAsked: true | undefined) =>
  (error: unknown): Looked => {
    if (areAllThatIsAsked) throw error;
    if (!(error instanceof ApiProblem) || error.status !== FORBIDDEN) return noControls(error);
    err.line('Controls were not looked at: that takes the role operator or auditor.');
    return { verdicts: [], unread: [] };
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
  if (id !== undefined) checked('run', id);
  const anchoring = archive === undefined ? undefined : await openAnchoring(archive);
  const api = await openSession(shell, options, 'auditor');
  const none: Looked = { verdicts: [], unread: [] };
  const runs = id !== undefined ? await oneRun(api, id, anchoring) : all ? await everyRun(api, anchoring) : none;
  const ofControls = id !== undefined ? none : await everyControl(api, anchoring).catch(notSeen(shell, controls));
  const verdicts = [...runs.verdicts, ...ofControls.verdicts];
  const unread = [...runs.unread, ...ofControls.unread];
  const listed = all && listedIn(runs);
  const others = anchoring ? [...anchoring.faults, ...(listed ? anchoring.gone(listed) : [])] : [];
  const records = verdicts.reduce((sum, verdict) => sum + verdict.records, 0);
  const broken = verdicts.filter((verdict) => faultsOf(verdict).length > 0);
  const isSound = broken.length === 0 && others.length === 0;
  const code = isSound && unread.length === 0 ? 0 : 1;
  const held = verdicts.filter(({ place }) => place !== undefined).length;
  const { out } = shell;
  if (options.json) {
    const proof = id === undefined ? undefined : anchoring?.proof(verdicts[0]?.place);
    const more = anchoring && { anchored: held, archive: { days: anchoring.days, faults: others }, proof };
    out.line(safeJson({ chains: verdicts.length, records, broken, ...(unread.length > 0 && { unread }), ...more }));
    return code;
  }
  for (const fault of others) out.line(`${out.paint('bad', 'Broken:')} ${clean(`the archive: ${fault}`)}.`);
  for (const verdict of broken)
    for (const fault of faultsOf(verdict))
      out.line(`${out.paint('bad', 'Broken:')} ${clean(`${verdict.chain}: ${fault}`)}.`);
  for (const { chain, because } of unread)
    out.line(`${out.paint('bad', 'Could not be read:')} ${clean(`${chain}: ${because}`)}`);
  const verdict =
    code === 0 ? out.paint('good', 'Intact:') : out.paint('bad', isSound ? 'Not all was read:' : 'Not intact:');
  const left = unread.length === 0 ? '' : `, ${unread.length} could not be read`;
  out.line(
    `${verdict} ${verdicts.length} ${verdicts.length === 1 ? 'chain' : 'chains'}, ${records} records, each hash recomputed here; ${broken.length} broken${left}.`
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
