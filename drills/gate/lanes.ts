import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { DrillOptions, DrillReport } from './drill.ts';

/** What a lane says while it goes on, and at its end. */
export type Said = { readonly line: string } | { readonly report: DrillReport };

const LANE = fileURLToPath(new URL('./lane.ts', import.meta.url));

const together = (reports: readonly DrillReport[]): DrillReport => {
  const failed = reports.find(({ violation }) => violation !== undefined);
  const tally = new Map<string, number>();
  for (const [what, times] of reports.flatMap((report) => [...report.tally]))
    tally.set(what, (tally.get(what) ?? 0) + times);
  const sum = (of: (report: DrillReport) => number): number => reports.reduce((all, report) => all + of(report), 0);
  return {
    commands: sum(({ commands }) => commands),
    worlds: sum(({ worlds }) => worlds),
    tally,
    seed: failed?.seed ?? Math.max(...reports.map(({ seed }) => seed)),
    ...(failed?.violation !== undefined && { violation: failed.violation }),
  };
};

/** Several drills at once: the worlds of one row of seeds are dealt out among them. The first that finds something ends them all. */
export const drillInLanes = async (
  lanes: number,
  { commands, seed, say = () => {} }: Pick<DrillOptions, 'commands' | 'seed' | 'say'>
): Promise<DrillReport> => {
  const workers = Array.from({ length: lanes }, (_, at) => {
    const workerData = { commands: Math.ceil(commands / lanes), seed: seed + at, every: lanes };
    return new Worker(LANE, { workerData });
  });
  const reports = await Promise.all(
    workers.map(async (worker, at) => {
      let report: DrillReport | undefined;
      worker.on('message', (said: Said) => {
        if ('line' in said) return say(`lane ${at + 1}: ${said.line}`);
        report = said.report;
        if (report.violation !== undefined) for (const each of workers) each.postMessage('enough');
      });
      await once(worker, 'exit');
      if (report === undefined) throw new Error(`lane ${at + 1} ended without a report`);
      return report;
    })
  );
  return together(reports);
};
