import { globSync, readFileSync } from 'node:fs';
import { SFNClient, TestStateCommand } from '@aws-sdk/client-sfn';
import { afterAll, describe, expect, it } from 'vitest';
import * as z from 'zod';
import { Case, isWalkable, walk } from './walk.ts';

const cases = globSync('local/asl/cases/*.json')
  .sort()
  .flatMap((file) => z.array(z.unknown()).parse(JSON.parse(readFileSync(file, 'utf8'))))
  .flatMap((given) => Case.safeParse(given).data ?? [])
  .filter(isWalkable);

/** What the local interpreter is held to, asked of Step Functions itself. */
describe.skipIf(process.env.AWS_ENDPOINT_URL !== undefined || cases.length === 0)('Step Functions', () => {
  const client = new SFNClient({});
  afterAll(() => client.destroy());

  it.each(cases)('does as the case says: $name', async (one) => {
    const { status, error, output, entered } = one.expect;
    const walked = await walk(one, (input) => client.send(new TestStateCommand(input)));
    expect(walked).toMatchObject({
      status,
      ...(error !== undefined && { error }),
      ...(output !== undefined && { output }),
      ...(entered !== undefined && { entered }),
    });
  });
});
