import type { Command } from 'commander';
import { findingsOf, sentenceOf } from '../../lambdas/core/audit/verify.ts';
import type { AuditTrail, Story } from '../api-shapes.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { timeOf } from './show-run.ts';

/** What is wrong with the chain, and statements that name a record which is not in it: nothing is believed that is not proved here. */
const faultsOf = ({ statements, fault }: Story, { records, head }: AuditTrail, run: string): readonly string[] => {
  const found = findingsOf(records, head, run).map(sentenceOf);
  const hashes = new Map(records.map(({ seq, hash }) => [seq, hash]));
  const unproved = statements
    .filter(({ proof }) => hashes.get(proof.seq) !== proof.hash)
    .map(({ text, proof }) => `record ${proof.seq} of the chain is not the one that is to prove "${text}"`);
  return [...(fault === undefined || found.includes(fault) ? [] : [fault]), ...found, ...unproved];
};

const dollars = (microusd: number): string => `$${(microusd / 1_000_000).toFixed(6)}`;

const tell = ({ out }: Shell, story: Story): void => {
  const { run, workflow, tenant, outcome, cost_microusd: cost } = story;
  const where = `${workflow === undefined ? '' : ` of ${workflow}`}${tenant === undefined ? '' : `, tenant ${tenant}`}`;
  out.line(out.paint('strong', clean(`Run ${run}${where}: ${(outcome ?? 'has not ended').replaceAll('-', ' ')}`)));
  out.line();
  const given = new Set<string>(); // a reason is given once
  for (const { at, text, proof, rules = [] } of story.statements) {
    const proved = out.paint('quiet', `[#${proof.seq} ${clean(proof.hash.slice(0, 12))}]`);
    out.line(`${out.paint('quiet', timeOf(at))}  ${clean(text)} ${proved}`);
    for (const { id, because } of rules) {
      if (!given.has(id)) out.line(`    ${clean(because === undefined ? id : `${id}: ${because}`)}`);
      given.add(id);
    }
  }
  out.line();
  out.line(`Its engines and tools cost ${dollars(cost)}.`);
  if (story.knows_release === false)
    out.line('Its release is not the one that is deployed now: the reasons of its own rules are in that release.');
};

const why = async (shell: Shell, id: string, options: SessionOptions): Promise<number> => {
  checked('run', id);
  const api = await openSession(shell, options, 'auditor');
  const story = await api.why(id);
  const trail = await api.audit(id);
  // a run that moved in between has more records than its story, and each that the story names
  const faults = faultsOf(story, trail, id);
  const { out } = shell;
  if (options.json) out.line(safeJson({ ...story, proved: faults.length === 0, ...(faults.length > 0 && { faults }) }));
  else {
    tell(shell, story);
    for (const fault of faults) out.line(`${out.paint('bad', 'Not proved:')} ${clean(fault)}.`);
    if (faults.length === 0)
      out.line(
        `${out.paint('good', 'Proved:')} each sentence by the record named behind it, of ${trail.records.length}, each hash recomputed here.`
      );
  }
  return faults.length === 0 ? 0 : 1;
};

export const addWhy = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('why')
    .description('tell why a run did what it did, each sentence with the record that proves it')
    .argument('<run>', 'its id')
    .action(async (id: string, _: unknown, command: Command) =>
      done(await why(shell, id, command.optsWithGlobals<SessionOptions>()))
    );
};
