import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Failure } from '../failure.ts';

const WorkflowData = z.object({ workflow: z.string(), proposal: z.object({ labels: z.array(z.string()).min(1) }) });

/** The queues between which a synthesised workflow chooses, as its steps will know them. */
export const queuesOf = async (assembly: string, workflow: string): Promise<readonly string[]> => {
  for await (const file of glob('**/workflow.json', { cwd: assembly })) {
    const data = WorkflowData.safeParse(JSON.parse(await readFile(join(assembly, file), 'utf8')));
    if (data.success && data.data.workflow === workflow) return data.data.proposal.labels;
  }
  throw new Failure(`The synthesised app in ${assembly} has no workflow ${workflow} with queues.`);
};
