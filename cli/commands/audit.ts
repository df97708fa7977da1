import type { Command } from 'commander';
import { faultOf } from '../../lambdas/core/audit/verify.ts';
import type { AuditLink } from '../api-shapes.ts';
import { checked } from '../names.ts';
import { openSession, type SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';
import { timeOf } from './show-run.ts';
import { addVerify } from './verify-audit.ts';

const deedOf = ({ tool, model }: AuditLink): string =>
  tool === undefined ? (model?.name ?? '') : `${tool.name} (${tool.scope})`;

const COLUMNS: readonly Column<AuditLink>[] = [
  { header: '#', cell: ({ seq }) => String(seq), align: 'right', dispensable: 0 },
  { header: 'AT', cell: ({ at }) => timeOf(at), tone: () => 'quiet', dispensable: 3 },
  { header: 'STEP', cell: ({ step }) => step, min: 8, dispensable: 0 },
  {
    header: 'DECISION',
    cell: ({ policy, result }) => policy?.decision ?? result?.status ?? '',
    min: 10,
    dispensable: 0,
  },
  { header: 'RULES', cell: ({ policy }) => policy?.rule_ids.join(', ') ?? '', min: 12, dispensable: 1 },
  { header: 'TOOL OR MODEL', cell: deedOf, min: 10, dispensable: 2 },
  { header: 'HASH', cell: ({ hash }) => hash.slice(0, 10), tone: () => 'quiet', dispensable: 4 },
];

const audit = async (shell: Shell, id: string, options: SessionOptions): Promise<number> => {
  checked('run', id);
  const trail = await (await openSession(shell, options, 'auditor')).audit(id);
  const found = faultOf(trail.records, trail.head, id);
  // the server alone has seen what is no record at all: what it says comes first
  const faults = [...new Set([trail.fault, found])].filter((fault) => fault !== undefined);
  const isIntact = faults.length === 0;
  if (options.json) {
    shell.out.line(safeJson({ ...trail, intact: isIntact, ...(!isIntact && { fault: faults.join('; ') }) }));
    return isIntact ? 0 : 1;
  }
  const { out } = shell;
  for (const line of table(COLUMNS, trail.records, out)) out.line(line);
  out.line();
  if (isIntact) {
    const head = trail.head.hash.slice(0, 16);
    out.line(
      `${out.paint('good', 'Intact:')} ${trail.records.length} records, each hash recomputed here, up to head ${clean(head)}.`
    );
    return 0;
  }
  for (const fault of faults) out.line(`${out.paint('bad', 'Broken:')} ${clean(fault)}.`);
  return 1;
};

export const addAudit = (program: Command, shell: Shell, done: (code: number) => void): void => {
  const command = program
    .command('audit')
    .description("show a run's audit chain and whether it is intact")
    .argument('<run>', 'its id')
    .action(async (id: string, _: unknown, command: Command) =>
      done(await audit(shell, id, command.optsWithGlobals<SessionOptions>()))
    );
  addVerify(command, shell, done);
};
