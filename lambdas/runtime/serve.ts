import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { Retryable, Terminal, Uncertain } from '../core/errors.ts';
import { pathsOf } from '../core/issues.ts';
import type { Step } from '../core/steps/step.ts';
import { type Labels, observe } from './observe.ts';

const Ids = z.object({ tenant: z.string(), run: z.string() });

/** Which run an event is about, as far as it can be told before the step has parsed it. */
const labelsOf = (event: unknown): Labels => {
  const ids = Ids.safeParse(event);
  return ids.success ? { tenant: ids.data.tenant.slice(0, 40), run: ids.data.run.slice(0, 26) } : {};
};

/**
 * An error that is none of the three faults is a defect, and nobody knows what it left behind: `Uncertain`. Its message stays
 * here, since it could quote content, and a function's error goes into the execution history.
 */
const faultFrom = (error: unknown, name: string): Error =>
  error instanceof Retryable || error instanceof Terminal || error instanceof Uncertain
    ? error
    : new Uncertain(`${name} failed unexpectedly (${error instanceof Error ? error.name : typeof error})`, {
        cause: error,
      });

/** Serves one step: parse, run, check, log once. `deps` are built once per cold start, never per event. */
export const serve =
  <Deps, Input, Output extends { readonly kind: string }>(step: Step<Deps, Input, Output>, deps: Deps) =>
  async (event: unknown, context: Context): Promise<Output> => {
    observe.begin(context);
    const labels = labelsOf(event);
    try {
      const output = await observe.within(step.name, labels, async () => {
        const input = step.input.safeParse(event);
        if (!input.success) throw new Terminal(`${step.name} does not accept this input: ${pathsOf(input.error)}`);
        return step.output.parse(await step.run(deps, input.data));
      });
      observe.end({ name: step.name, outcome: output.kind, isFault: false, labels });
      return output;
    } catch (error) {
      const fault = faultFrom(error, step.name);
      observe.end({ name: step.name, outcome: fault.name, isFault: true, labels, error: fault });
      throw fault;
    }
  };
