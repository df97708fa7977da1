import { join } from 'node:path';
import { type Release, takeLock } from '../local/lock.ts';
import { Failure } from './failure.ts';
import { clean } from './terminal/sanitise.ts';

/** Takes a data folder for this process; the answer gives it back. Fails where another process has it. */
export const lockFolder = (data: string): Release => {
  const taken = takeLock(join(data, 'start.lock'));
  if (typeof taken === 'function') return taken;
  throw new Failure(
    `Writ already runs on ${clean(data)}, as process ${taken.owner}. Stop it with Ctrl-C where it was started, or start another one ` +
      'with --data FOLDER --port-api 0 --port-aws 0.'
  );
};
