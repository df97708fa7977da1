import { once } from 'node:events';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStackOptions } from '../../local/stack.ts';
import { hasDynoxide } from '../support/dynoxide.ts';
import { aFolder, anAssembly } from './assembly.ts';
import { sample, start } from './sample.ts';

/** The message with which a start is refused, the data folder's path left out. */
const refusal = async (data: string, more: Partial<LocalStackOptions> = {}, assembly = sample()): Promise<string> => {
  const started = await start(assembly, { data, ...more }).catch((error: unknown) => error);
  if (!(started instanceof Error)) throw new Error('the stack has started');
  return started.message.replaceAll(data, 'DATA');
};

const ofDynoxide = (change: string) => (data: string) => {
  const database = new DatabaseSync(join(data, 'dynamodb.sqlite'));
  database.exec(change);
  database.close();
};

describe.runIf(hasDynoxide)('a data folder that holds what it should not', () => {
  let whole = '';
  beforeAll(async () => {
    whole = aFolder();
    await (await start(sample(), { data: whole })).close();
  });

  const copied = (): string => {
    const data = aFolder();
    for (const file of ['dynamodb.sqlite', 'executions.journal', 'secrets.json', 'signing-key.json', 'format.json'])
      writeFileSync(join(data, file), readFileSync(join(whole, file)));
    return data;
  };
  const put = (file: string, text: string) => (data: string) => writeFileSync(join(data, file), text);

  const RESTORE = 'restore it from a copy, or remove the data folder to begin anew';
  it.each<[string, (data: string) => void, string]>([
    [
      'a database that is none',
      put('dynamodb.sqlite', 'no database at all, and long enough to have a header of one: '.repeat(40)),
      `DATA/dynamodb.sqlite should hold the tables and cannot be read (file is not a database): ${RESTORE}`,
    ],
    [
      'half a database',
      (data) => truncateSync(join(data, 'dynamodb.sqlite'), 6_000),
      `DATA/dynamodb.sqlite should hold the tables and cannot be read (database disk image is malformed): ${RESTORE}`,
    ],
    [
      'a database of something else',
      ofDynoxide('DROP TABLE _config'),
      `DATA/dynamodb.sqlite should hold the tables and cannot be read (no such table: _config): ${RESTORE}`,
    ],
    [
      'a database of a newer dynoxide',
      ofDynoxide("UPDATE _config SET value = '10' WHERE key = 'schema_version'"),
      'DATA/dynamodb.sqlite has the schema 10, this version knows 9 at most: start the version of Writ that wrote it, or use another data folder',
    ],
    [
      'a journal that was damaged',
      (data) =>
        writeFileSync(join(data, 'executions.journal'), `no line\n${readFileSync(join(data, 'executions.journal'))}`),
      'DATA/executions.journal:1: the checksum does not match, so this line was damaged after it was written; restore the file from a copy, or remove it to start without its executions',
    ],
    [
      'secrets that are no JSON',
      put('secrets.json', '{"unit/north": {"value": "a secr'),
      'DATA/secrets.json should hold the secrets as JSON and does not: remove it to begin anew',
    ],
    [
      'half a signing key',
      put('signing-key.json', '{"kty":"RSA","n":"'),
      'DATA/signing-key.json should hold an RSA key as JWK and does not: remove it to begin anew',
    ],
    [
      'a signing key that is none',
      put('signing-key.json', '{"kty":"RSA","n":"AQAB","e":"AQAB","d":"AQAB"}'),
      'DATA/signing-key.json should hold an RSA key as JWK and does not: remove it to begin anew',
    ],
    [
      'a lock that is none',
      put('stack.lock', 'no lock at all, and long enough to have a header of one: '.repeat(40)),
      'DATA/stack.lock should be a lock and is something else: remove it',
    ],
    [
      'the data of a newer version',
      put('format.json', '{"format":2}'),
      'DATA/format.json says that a newer version of Writ keeps its data here (format 2, this version knows 1): start that version, or use another data folder',
    ],
    [
      'a format that says nothing',
      put('format.json', ''),
      'DATA/format.json should say {"format":1} and does not: write that, or remove the data folder to begin anew',
    ],
  ])('is refused with what to do: %s', async (_, spoil, message) => {
    const data = copied();
    spoil(data);
    expect(await refusal(data)).toBe(message);
  });

  it.each([
    ['secrets.json', 'it should be a file of yours'],
    ['signing-key.json', 'it should be a file of yours'],
    ['executions.journal', 'it should be the journal of executions'],
  ])('is refused where %s is a folder', async (file, advice) => {
    const data = aFolder();
    mkdirSync(join(data, file));
    expect(await refusal(data)).toBe(`DATA/${file} cannot be read (EISDIR): ${advice}`);
  });

  it('is refused where it is a file', async () => {
    const data = join(aFolder(), 'file');
    writeFileSync(data, '');
    expect(await refusal(data)).toBe('DATA cannot be made a data folder (ENOTDIR): name one that you may write to');
  });

  it('is used where a kill left drafts of files in it', async () => {
    const data = copied();
    for (const file of ['executions.journal.new', 'secrets.json.new', 'signing-key.json.new', 'format.json.new'])
      writeFileSync(join(data, file), readFileSync(join(whole, 'executions.journal')).subarray(0, 17));
    await (await start(sample(), { data })).close();
  });
});

describe('an endpoint of DynamoDB', () => {
  const server = createServer((_, response) => response.end('<html>a proxy</html>'));
  let garbage = '';
  beforeAll(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    garbage = `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  afterAll(() => {
    server.close();
  });

  it('is refused where it answers something else', async () => {
    expect(await refusal(aFolder(), { dynamodb: garbage })).toBe(
      `${garbage} answered CreateTable with something that is no answer of DynamoDB: correct the endpoint`
    );
  });

  it.each(['https://127.0.0.1:8000', 'http://127.0.0.1:8000/path', 'localhost:8000', 'nonsense', ''])(
    'is refused where it is none: %s',
    async (dynamodb) => {
      expect(await refusal(aFolder(), { dynamodb })).toBe(
        `WRIT_DYNAMODB_ENDPOINT must be an endpoint such as http://127.0.0.1:8000, found ${dynamodb}`
      );
    }
  );

  it('is refused without the password that it holds', async () => {
    expect(await refusal(aFolder(), { dynamodb: 'http://me:secret@127.0.0.1:8000' })).toBe(
      'WRIT_DYNAMODB_ENDPOINT must be an endpoint such as http://127.0.0.1:8000, found http://…@127.0.0.1:8000'
    );
  });
});

describe('a state machine that cannot be carried out', () => {
  it('is refused at the start of the stack, by stack and logical id, with all others', async () => {
    const machine = (state: object) => ({
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: {
        RoleArn: 'arn:aws:iam::000000000000:role/r',
        DefinitionString: JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'A', States: { A: state } }),
      },
    });
    const assembly = anAssembly({
      App: {
        Resources: {
          One: machine({ Type: 'Pass', Colour: 'red', End: true }),
          Two: machine({ Type: 'Pass', Next: 'B' }),
          Three: machine({ Type: 'Succeed' }),
        },
      },
    });
    const message = await refusal(aFolder(), { users: [] }, assembly);
    expect(message).toContain('App/One: this state machine cannot be run here: ✖ Unrecognized key: "Colour"');
    expect(message).toContain('App/Two: this state machine cannot be run here: States.A: there is no state B to go to');
    expect(message).not.toContain('App/Three');
  });
});
