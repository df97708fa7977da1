import { createHash, randomBytes } from 'node:crypto';
import type { Json } from '../template/json.ts';
import { StatesError } from './failure.ts';
import { isTooLarge, MAX_PAYLOAD_BYTES } from './history.ts';
import type { Header, Machine } from './record.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: AWS forbids them in names
const FORBIDDEN_IN_NAMES = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\u0000-\u001f\u007f-\u009f]/;

export const checkName = (name: string): void => {
  if (name.length < 1 || name.length > 80 || FORBIDDEN_IN_NAMES.test(name))
    throw new StatesError(
      'InvalidName',
      'expected 1 to 80 characters, without space, control or special ones, as name'
    );
};

/** JSON can be read at any depth, but not written again: an execution must not break at that when it has begun. */
const MOST_LEVELS = 1000;

const isDeeper = (value: Json, levels: number): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (levels === 0 || Object.values(value).some((inner: Json | undefined) => isDeeper(inner ?? null, levels - 1)));

const jsonOf = (text: string, error: 'InvalidExecutionInput' | 'InvalidOutput'): Json => {
  if (isTooLarge(text)) throw new StatesError(error, `expected at most ${MAX_PAYLOAD_BYTES} bytes of JSON`);
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    throw new StatesError(error, 'expected JSON');
  }
  if (isDeeper(value, MOST_LEVELS)) throw new StatesError(error, `expected JSON of at most ${MOST_LEVELS} levels`);
  return value;
};

export const parseInput = (text: string): Json => jsonOf(text, 'InvalidExecutionInput');
export const parseOutput = (text: string): Json => jsonOf(text, 'InvalidOutput');

/** Of an execution, by the ARN of its machine or of a version of it, and its name. */
export const executionArnOf = (machineArn: string, name: string): string => {
  const parts = machineArn.split(':');
  const [arn, partition, service, region, account, kind, machine] = parts;
  if (arn !== 'arn' || service !== 'states' || kind !== 'stateMachine' || machine === undefined)
    throw new StatesError('InvalidArn', `expected the ARN of a state machine, found ${machineArn}`);
  return `arn:${partition}:states:${region}:${account}:execution:${machine}:${name}`;
};

/** The same for machines that are the same in every part. */
export const machineId = (machine: Machine): string =>
  createHash('sha256')
    .update(JSON.stringify([machine.arn, machine.roleArn, machine.definition]))
    .digest('hex')
    .slice(0, 32);

/** A trace of its own, sampled, for an execution that was started without one. */
export const newTrace = (atMs: number): string => {
  const seconds = Math.floor(atMs / 1_000)
    .toString(16)
    .padStart(8, '0');
  return `Root=1-${seconds}-${randomBytes(12).toString('hex')};Sampled=1`;
};

/** Whether a second start with the name asks for the same: the JSON value counts, not its layout. */
export const isSameStart = (header: Header, input: Json): boolean =>
  JSON.stringify(JSON.parse(header.input)) === JSON.stringify(input);
