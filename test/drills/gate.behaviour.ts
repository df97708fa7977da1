import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drill } from '../../drills/gate/drill.ts';
import { type Database, openDatabase } from '../../drills/gate/tables.ts';
import { hasDynoxide } from '../support/dynoxide.ts';

const COMMANDS = 1_000;
const PATIENCE_MS = 120_000;
/** Without these the drill would say little. */
const MET = [
  'claims done',
  'claims in-doubt',
  'controls failed',
  'controls set',
  'decided authorised',
  'decided over-budget',
  'decided over-rate',
  'decided stopped',
  'effects',
  'runs closed',
  'verify verified',
];

describe.runIf(hasDynoxide)('the gate', () => {
  let database: Database;
  beforeAll(async () => {
    database = await openDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  it(
    `keeps what it promises while ${COMMANDS} things happen to it, several at once`,
    async () => {
      const { violation, commands, tally } = await drill({ database, commands: COMMANDS, seed: 20_300_102 });

      expect(violation).toBeUndefined();
      expect(commands).toBeGreaterThanOrEqual(COMMANDS);
      expect(MET.filter((what) => !tally.has(what))).toEqual([]);
    },
    PATIENCE_MS
  );
});
