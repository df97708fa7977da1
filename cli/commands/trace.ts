import type { Command } from 'commander';
import { readTrace } from '../../local/trace/traces.ts';
import { Failure, usage } from '../failure.ts';
import type { SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { showTree } from '../trace/show-tree.ts';
import { treeOf } from '../trace/tree.ts';

/** Step Functions' own rule for names, as far as a run's id goes. */
const RUN = /^[\w-]{1,80}$/;

const inXRay = (run: string): string =>
  `Traces of a deployed stack are in X-Ray of its account, where --api does not reach. See them with\n` +
  `  aws xray get-trace-summaries --start-time $(date -d '-6 hours' +%s) --end-time $(date +%s) --filter-expression 'annotation.run = "${run}"'\n` +
  '  aws xray batch-get-traces --trace-ids ID\n' +
  'or in CloudWatch under "Traces", by the same filter. Of a share of runs alone there is a trace.';

const trace = async ({ out, env }: Shell, run: string, { api, data, json }: SessionOptions): Promise<void> => {
  if (!RUN.test(run)) throw usage(`A run's id has letters, digits, "-" and "_", found ${clean(run)}.`);
  if ((api ?? env.WRIT_API ?? '') !== '') {
    for (const line of inXRay(run).split('\n')) out.line(line);
    return;
  }
  const found = await readTrace(data, run);
  if (found === undefined)
    throw new Failure(
      `There is no trace of ${run} in ${clean(data)}: it is no run of this data folder, its caller wanted no trace, or it was so ` +
        'long ago that it was forgotten. "npm run -s writ -- runs" lists the runs.'
    );
  const tree = treeOf(found.id, found.documents);
  if (json) out.line(safeJson({ run, ...tree }));
  else showTree(out, tree);
};

export const addTrace = (program: Command, shell: Shell): void => {
  program
    .command('trace')
    .description('show where the time of a run of the local stack went, while it is up and after')
    .argument('<run>', 'its id')
    .action((run: string, _: unknown, command: Command) =>
      trace(shell, run, command.optsWithGlobals<SessionOptions>())
    );
};
