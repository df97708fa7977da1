import { parentPort, workerData } from 'node:worker_threads';
import { type DrillOptions, drill } from './drill.ts';
import type { Said } from './lanes.ts';
import { openDatabase } from './tables.ts';

/* One of several drills at once, in a thread and on a database of its own. */

const say = (said: Said): void => parentPort?.postMessage(said);
let isEnough = false;
parentPort?.once('message', () => {
  isEnough = true;
});

{
  await using database = await openDatabase();
  const options = workerData as Pick<DrillOptions, 'commands' | 'seed' | 'every'>;
  const report = await drill({
    ...options,
    database,
    say: (line) => say({ line }),
    isEnough: () => isEnough,
  });
  say({ report });
}
parentPort?.close();
