import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { LocalStack } from '../../local/stack.ts';
import { aFolder } from './assembly.ts';
import { clientOptions } from './calls.ts';
import { output, sample, start } from './sample.ts';

/** The sample, in which no service may invoke a function. */
const withoutPermissions = (): string => {
  const folder = sample();
  const file = join(folder, 'App.json');
  const template = JSON.parse(readFileSync(file, 'utf8'));
  for (const name of Object.keys(template.Resources))
    if (template.Resources[name].Type === 'AWS::Lambda::Permission') delete template.Resources[name];
  writeFileSync(file, JSON.stringify(template));
  return folder;
};

describe('without a permission', () => {
  const data = aFolder();
  let stack: LocalStack;
  beforeAll(async () => {
    stack = await start(withoutPermissions(), { data });
  });
  afterAll(() => stack.close());
  const denials = (): string => {
    try {
      return readFileSync(join(data, 'logs', 'denied.log'), 'utf8');
    } catch {
      return '';
    }
  };

  it('an API answers 500', async () => {
    const response = await fetch(`${stack.apiUrl}/open`);
    expect([response.status, await response.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    expect(denials()).toMatch(
      /apigateway\.amazonaws\.com for arn:aws:execute-api:\S+\/\$default\/GET\/open lambda:InvokeFunction/
    );
  });

  it('a user pool signs nobody in', async () => {
    await expect(stack.signIn('ann', 'ann-password')).rejects.toThrow('AccessDeniedException');
    expect(denials()).toContain('cognito-idp.amazonaws.com for arn:aws:cognito-idp:');
  });

  it('a rule calls nothing', async () => {
    const sfn = new SFNClient(clientOptions(stack));
    const stateMachineArn = output(stack, 'MachineArn');
    await sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{"do":"fail"}' }));
    await vi.waitUntil(() => denials().includes('events.amazonaws.com for arn:aws:events:'), {
      timeout: 20_000,
      interval: 20,
    });
    expect(stack.counters().invocations.watcher).toBe(0);
  });
});
