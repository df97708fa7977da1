import type { Command } from 'commander';
import { type Finding, findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import type { AuditTrail } from '../api-shapes.ts';
import type { Api, Level } from '../client.ts';
import { usage } from '../failure.ts';
import { ApiProblem } from '../http.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';

interface VerifyOptions extends SessionOptions {
  readonly all?: true;
  readonly controls?: true;
}

interface Verdict {
  readonly chain: string;
  readonly records: number;
  readonly findings: readonly Finding[];
  /** What the server itself found, where nothing was found here. */
  readonly fault?: string;
}

/** What is asked for a chain: a run by its id, a control by its subject. */
type Source = Pick<AuditTrail, 'records' | 'head' | 'fault'>;

const verdictOn = async (chain: string, ask: () => Promise<Source>): Promise<Verdict> => {
  const { records, head, fault } = await ask();
  const findings = findingsOf(records, head, chain);
  return { chain, records: records.length, findings, ...(findings.length === 0 && fault !== undefined && { fault }) };
};

const PAGE = 100;
const FORBIDDEN = 403;

async function* runsOf(api: Api): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page = await api.runs({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    for (const { run } of page.runs) yield run;
    cursor = page.next;
  } while (cursor !== undefined);
}

/** Every control that the caller may see. */
const controlsOf = async (api: Api): Promise<readonly Verdict[]> => {
  const verdicts: Verdict[] = [];
  for (const { subject } of (await api.controls()).controls) {
    const [level = '', ...name] = subject.split(':');
    verdicts.push(await verdictOn(subject, () => api.controlAudit(level as Level, name.join(':'))));
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

const faultsOf = ({ findings, fault }: Verdict): readonly string[] => [
  ...findings.map(sentenceOf),
  ...(fault === undefined ? [] : [`the server says: ${fault}`]),
];

const verify = async (shell: Shell, id: string | undefined, options: VerifyOptions): Promise<number> => {
  const { all, controls } = options;
  if ([id, all, controls].filter((given) => given !== undefined).length !== 1)
    throw usage(
      'audit verify takes the id of a run, --controls, or --all for every run of the tenant and every control.'
    );
  const api = await openSession(shell, options, 'auditor');
  const verdicts: Verdict[] = [];
  if (id !== undefined || all)
    for await (const run of id === undefined ? runsOf(api) : [id])
      verdicts.push(await verdictOn(run, () => api.audit(run)));
  if (id === undefined) verdicts.push(...(await controlsOf(api).catch(notSeen(shell, controls))));
  const records = verdicts.reduce((sum, verdict) => sum + verdict.records, 0);
  const broken = verdicts.filter((verdict) => faultsOf(verdict).length > 0);
  const code = broken.length === 0 ? 0 : 1;
  const { out } = shell;
  if (options.json) {
    out.line(safeJson({ chains: verdicts.length, records, broken }));
    return code;
  }
  for (const verdict of broken)
    for (const fault of faultsOf(verdict))
      out.line(`${out.paint('bad', 'Broken:')} ${clean(`${verdict.chain}: ${fault}`)}.`);
  const verdict = code === 0 ? out.paint('good', 'Intact:') : out.paint('bad', 'Not intact:');
  out.line(
    `${verdict} ${verdicts.length} ${verdicts.length === 1 ? 'chain' : 'chains'}, ${records} records, each hash recomputed here; ${broken.length} broken.`
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
    .action(async (id: string | undefined, _: unknown, command: Command) =>
      done(await verify(shell, id, command.optsWithGlobals<VerifyOptions>()))
    );
};
