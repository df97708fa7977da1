import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drill } from '../../drills/gate/drill.ts';
import { type Database, openDatabase } from '../../drills/gate/tables.ts';
import { hasDynoxide } from '../support/dynoxide.ts';

const COMMANDS = 1_000;
/** The same worlds each time, unless others are asked for. */
const SEED = 20_300_102;
const PATIENCE_MS = 300_000;
/** Without these the drill would say little. */
const MET = [
  'claims done',
  'claims in-doubt',
  'controls failed',
  'controls set',
  'decide approval-needed',
  'decide authorised',
  'decide declined',
  'decide over-budget',
  'decide over-rate',
  'decide stopped',
  'decide taken',
  'effects',
  'refusals kept',
  'reservations',
  'runs closed',
  'verify mismatch',
  'verify undone',
  'verify verified',
  'writs approved',
  'writs of own undos',
  "writs of operators' undos",
];

const seedFrom = (text: string | undefined): number => {
  if (text === undefined || text === '') return SEED;
  if (!/^\d{1,9}$/.test(text))
    throw new Error(`WRIT_SEED must be a whole number of at most nine digits, found ${text}`);
  return Number(text);
};

describe.runIf(hasDynoxide)('the gate', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  it(
    `keeps what it promises while ${COMMANDS} things happen to it, several at once`,
    async () => {
      const seed = seedFrom(process.env.WRIT_SEED);
      process.stdout.write(`the gate drill begins with seed ${seed}: WRIT_SEED=${seed} repeats it\n`);
      const { violation, commands, tally } = await drill({ database, commands: COMMANDS, seed });

      expect(violation).toBeUndefined();
      expect(commands).toBeGreaterThanOrEqual(COMMANDS);
      expect(MET.filter((what) => (tally.get(what) ?? 0) === 0)).toEqual([]);
    },
    PATIENCE_MS
  );
});
