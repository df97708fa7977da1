import type { Command } from 'commander';
import { type Finding, findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import type { Api } from '../client.ts';
import { usage } from '../failure.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';

interface VerifyOptions extends SessionOptions {
  readonly all?: true;
}

interface Verdict {
  readonly chain: string;
  readonly records: number;
  readonly findings: readonly Finding[];
  /** What the server itself found, where nothing was found here. */
  readonly fault?: string;
}

const verdictOn = async (api: Api, chain: string): Promise<Verdict> => {
  const { records, head, fault } = await api.audit(chain);
  const findings = findingsOf(records, head, chain);
  return { chain, records: records.length, findings, ...(findings.length === 0 && fault !== undefined && { fault }) };
};

const PAGE = 100;

async function* runsOf(api: Api): AsyncGenerator<string> {
  let cursor: string | undefined;
  do {
    const page = await api.runs({ limit: PAGE, ...(cursor !== undefined && { cursor }) });
    for (const { run } of page.runs) yield run;
    cursor = page.next;
  } while (cursor !== undefined);
}

const faultsOf = ({ findings, fault }: Verdict): readonly string[] => [
  ...findings.map(sentenceOf),
  ...(fault === undefined ? [] : [`the server says: ${fault}`]),
];

const verify = async (shell: Shell, id: string | undefined, options: VerifyOptions): Promise<number> => {
  if ((id === undefined) === (options.all === undefined))
    throw usage('audit verify takes the id of a run, or --all for every run of the tenant.');
  const api = await openSession(shell, options, 'auditor');
  const verdicts: Verdict[] = [];
  for await (const chain of id === undefined ? runsOf(api) : [id]) verdicts.push(await verdictOn(api, chain));
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
    .option('--all', 'every run of the tenant')
    .action(async (id: string | undefined, _: unknown, command: Command) =>
      done(await verify(shell, id, command.optsWithGlobals<VerifyOptions>()))
    );
};
