import { setTimeout as sleep } from 'node:timers/promises';
import type { Api } from '../../cli/client.ts';
import { ApiProblem, Unreachable } from '../../cli/http.ts';
import type { Accepted } from './governance.ts';
import type { Task } from './tasks.ts';

const PAUSE_MS = 60;

/** A client of a stack that is killed every few moments. */
export interface Client {
  /** Submits a task under its key until it is accepted, however often the connection breaks. */
  submit(task: Task): Promise<Accepted>;
  /** Waits until the run asks, and for one more kill; then replies until the run goes on. */
  reply(accepted: Accepted): Promise<void>;
  /** Stops a workflow that nothing uses, or ends its stop, until that is so. */
  control(stopped: boolean): Promise<void>;
  /** How many of these runs are not closed. */
  open(accepted: readonly Accepted[]): Promise<number>;
  /** Requests that had to be sent again. */
  readonly repeated: () => number;
}

/** `nextKill` resolves after one more kill, or at once where there are no more; `signal` ends everything. */
export const clientOf = (api: Api, nextKill: () => Promise<void>, signal: AbortSignal): Client => {
  let repeated = 0;
  const pause = () => sleep(PAUSE_MS, undefined, { signal });
  /** Until it is answered. What the API refuses for good is thrown, unless it is `passing`. */
  const persist = async <T>(send: () => Promise<T>, passing: (problem: ApiProblem) => boolean = () => false) => {
    for (;;) {
      try {
        return await send();
      } catch (error) {
        const mayPass =
          error instanceof Unreachable || (error instanceof ApiProblem && (error.status >= 500 || passing(error)));
        if (!mayPass) throw error;
      }
      repeated += 1;
      await pause();
    }
  };

  return {
    async submit(task) {
      const { summary, description, issueKey, forgotten } = task;
      const input = { summary, description, ...(!forgotten && { issueKey }) };
      const { run } = await persist(() => api.submit({ workflow: 'ticket-triage', input }, task.key));
      return { task, run };
    },

    async reply({ run, task }) {
      let asked = await persist(() => api.run(run));
      for (; asked.status === 'active'; asked = await persist(() => api.run(run))) await pause();
      await nextKill();
      // 409: not waiting at this moment, as right after a kill, or going on already
      while (asked.status === 'waiting') {
        const answered = await persist(
          () => api.reply(run, { issueKey: task.issueKey }),
          ({ status }) => status === 409
        ).then(
          () => true,
          async () => false
        );
        if (answered) return;
        asked = await persist(() => api.run(run));
      }
    },

    control: async (stopped) => {
      const change = { stopped, reason: 'a drill' };
      await persist(
        () => api.control('workflow', 'drill', change),
        ({ status }) => status === 409
      );
    },

    async open(accepted) {
      const wanted = new Set(accepted.map(({ run }) => run));
      let cursor: string | undefined;
      do {
        const from = cursor === undefined ? {} : { cursor };
        const page = await persist(() => api.runs({ limit: 100, ...from }));
        for (const { run, status } of page.runs) if (status === 'closed') wanted.delete(run);
        cursor = page.next;
      } while (cursor !== undefined);
      return wanted.size;
    },
    repeated: () => repeated,
  };
};
