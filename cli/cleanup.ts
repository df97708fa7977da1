import { messageOf } from './failure.ts';

/** Things to end, last begun first. */
export interface Cleanup {
  add(name: string, close: () => void | Promise<void>): void;
  /** Ends everything, once, whatever fails on the way; the answer says what did. */
  run(): Promise<readonly string[]>;
}

export const openCleanup = (): Cleanup => {
  const pending: { readonly name: string; readonly close: () => void | Promise<void> }[] = [];
  return {
    add: (name, close) => void pending.push({ name, close }),
    async run() {
      const failures: string[] = [];
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        try {
          await next.close();
        } catch (error) {
          failures.push(`${next.name} did not end properly: ${messageOf(error)}`);
        }
      }
      return failures;
    },
  };
};
