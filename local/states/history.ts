import type { Json, JsonObject } from '../template/json.ts';
import { type Failure, StateFailed } from './failure.ts';

/** An event in the shape of GetExecutionHistory; `timestamp` in milliseconds since the epoch. */
export interface HistoryEvent extends JsonObject {
  readonly id: number;
  readonly previousEventId: number;
  readonly timestamp: number;
  readonly type: string;
}

export const MAX_EVENTS = 25_000;
export const MAX_PAYLOAD_BYTES = 256 * 1024;
/** Of all variables of an execution. */
export const MAX_VARIABLES_BYTES = 10 * 1024 * 1024;

/** Thrown by the event that would take the last place, which is kept for the end of the execution. */
export class HistoryFull extends Error {
  override readonly name = 'HistoryFull';
}

export const isTooLarge = (text: string): boolean =>
  text.length * 3 > MAX_PAYLOAD_BYTES && Buffer.byteLength(text) > MAX_PAYLOAD_BYTES;

/** Of what is over 256 KiB. AWS names the state, or the task by its function or its service. */
export const tooLarge = (stateOrTask: string): Failure => ({
  error: 'States.DataLimitExceeded',
  cause: `The state/task '${stateOrTask}' returned a result with a size exceeding the maximum number of bytes service limit.`,
  from: 'state',
});

/** The JSON text of what passes between states. Fails with States.DataLimitExceeded, where it is over 256 KiB. */
export const textOf = (value: Json, stateOrTask: string): string => {
  const text = JSON.stringify(value);
  if (!isTooLarge(text)) return text;
  throw new StateFailed(tooLarge(stateOrTask));
};

/** Says, as AWS does beside each input and output, that the text is whole. */
export const WHOLE = { truncated: false };

/** `TaskStateEntered` → `stateEnteredEventDetails`: the key under which AWS puts an event's details. */
export const detailsKey = (type: string): string => {
  const [, common] = /^(?:Task|Parallel|Map|Choice|Wait|Pass|Succeed|Fail)(State(?:Entered|Exited))$/.exec(type) ?? [];
  const name = common ?? type;
  return `${name.charAt(0).toLowerCase()}${name.slice(1)}EventDetails`;
};
