import {
  BatchGetSecretValueCommand,
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  ListSecretsCommand,
  PutSecretValueCommand,
  paginateListSecrets,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import { anAssembly, role } from '../assembly.ts';
import { clientOptions } from '../calls.ts';
import { start } from '../sample.ts';

const TOKEN = 'token-token-token-token-token-token';

describe('Secrets Manager at the endpoint', () => {
  let stack: LocalStack;
  let secrets: SecretsManagerClient;
  beforeAll(async () => {
    const assembly = anAssembly({ App: { Resources: { Role: role('lambda.amazonaws.com') } } });
    stack = await start(assembly, { users: [] });
    secrets = new SecretsManagerClient(clientOptions(stack));
    await secrets.send(new CreateSecretCommand({ Name: 'one', SecretString: 'first', Description: 'The one' }));
    await secrets.send(
      new PutSecretValueCommand({ SecretId: 'one', SecretString: 'second', ClientRequestToken: TOKEN })
    );
  });
  afterAll(() => stack.close());

  const value = async (SecretId: string, more: object = {}): Promise<string | undefined> =>
    (await secrets.send(new GetSecretValueCommand({ SecretId, ...more }))).SecretString;

  it('finds a secret by name and by ARN, with its suffix or without', async () => {
    const { ARN = '' } = await secrets.send(new DescribeSecretCommand({ SecretId: 'one' }));
    for (const id of ['one', ARN, ARN.slice(0, -7)]) expect(await value(id)).toBe('second');
  });

  it.each([
    [{}, 'second'],
    [{ VersionStage: 'AWSCURRENT' }, 'second'],
    [{ VersionStage: 'AWSPREVIOUS' }, 'first'],
    [{ VersionId: TOKEN }, 'second'],
    [{ VersionId: TOKEN, VersionStage: 'AWSCURRENT' }, 'second'],
  ])('gives the version %o', async (more, expected) => {
    expect(await value('one', more)).toBe(expected);
  });

  it('keeps the current and the previous version, and takes a repeated put once', async () => {
    const put = { SecretId: 'one', SecretString: 'second', ClientRequestToken: TOKEN };
    expect((await secrets.send(new PutSecretValueCommand(put))).VersionId).toBe(TOKEN);
    const { VersionIdsToStages, Description } = await secrets.send(new DescribeSecretCommand({ SecretId: 'one' }));
    expect(Object.values(VersionIdsToStages ?? {})).toEqual([['AWSCURRENT'], ['AWSPREVIOUS']]);
    expect(Description).toBe('The one');
  });

  it('keeps bytes as bytes', async () => {
    const SecretBinary = Uint8Array.from([0, 255, 7]);
    await secrets.send(new CreateSecretCommand({ Name: 'bytes', SecretBinary }));
    expect((await secrets.send(new GetSecretValueCommand({ SecretId: 'bytes' }))).SecretBinary).toEqual(SecretBinary);
  });

  it('lists by the beginning of names, in pages, and gets several at once', async () => {
    for (const Name of ['list/a', 'list/b', 'list/c'])
      await secrets.send(new CreateSecretCommand({ Name, SecretString: Name }));
    const Filters = [{ Key: 'name' as const, Values: ['list/'] }];
    const names: (string | undefined)[] = [];
    const pages = paginateListSecrets({ client: secrets, pageSize: 2 }, { Filters, SortOrder: 'asc' });
    for await (const { SecretList = [] } of pages) names.push(...SecretList.map(({ Name }) => Name));
    expect(names).toEqual(['list/a', 'list/b', 'list/c']);
    const { SecretValues, Errors } = await secrets.send(
      new BatchGetSecretValueCommand({ SecretIdList: ['list/b', 'absent'] })
    );
    expect(SecretValues).toMatchObject([{ Name: 'list/b', SecretString: 'list/b' }]);
    expect(Errors).toMatchObject([{ SecretId: 'absent', ErrorCode: 'ResourceNotFoundException' }]);
  });

  it('deletes a secret so that it can be restored, or at once', async () => {
    const of = { SecretId: 'doomed' };
    await secrets.send(new CreateSecretCommand({ Name: 'doomed', SecretString: 'a' }));
    await secrets.send(new DeleteSecretCommand(of));
    await expect(value('doomed')).rejects.toMatchObject({ name: 'InvalidRequestException' });
    expect((await secrets.send(new DescribeSecretCommand(of))).DeletedDate).toBeInstanceOf(Date);
    await secrets.send(new RestoreSecretCommand(of));
    await secrets.send(new UpdateSecretCommand({ ...of, SecretString: 'b' }));
    expect(await value('doomed')).toBe('b');
    await secrets.send(new DeleteSecretCommand({ ...of, ForceDeleteWithoutRecovery: true }));
    await expect(value('doomed')).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it.each([
    ['ResourceExistsException', () => secrets.send(new CreateSecretCommand({ Name: 'one', SecretString: 'a' }))],
    [
      'ResourceExistsException',
      () =>
        secrets.send(new PutSecretValueCommand({ SecretId: 'one', SecretString: 'other', ClientRequestToken: TOKEN })),
    ],
    ['ResourceNotFoundException', () => value('absent')],
    ['ResourceNotFoundException', () => value('one', { VersionStage: 'MINE' })],
    [
      'ValidationException',
      () => secrets.send(new PutSecretValueCommand({ SecretId: 'one', SecretString: 'a', VersionStages: ['MINE'] })),
    ],
    [
      'ValidationException',
      () => secrets.send(new ListSecretsCommand({ Filters: [{ Key: 'tag-key', Values: ['a'] }] })),
    ],
    ['InvalidParameterException', () => secrets.send(new BatchGetSecretValueCommand({}))],
    ['InvalidNextTokenException', () => secrets.send(new ListSecretsCommand({ NextToken: 'no' }))],
  ])('answers with %s what cannot be done (%#)', async (name, call) => {
    await expect(call()).rejects.toMatchObject({ name });
  });
});
