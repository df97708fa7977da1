import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LocalStack } from '../../../local/stack.ts';
import { hasDynoxide } from '../../support/dynoxide.ts';
import { aFolder, anAssembly, lambda, role } from '../assembly.ts';
import { SIGNED } from '../calls.ts';
import { start } from '../sample.ts';

const CODE = {
  throws: "throw new RangeError('out of place');",
  misspelt: 'export const handle = () => 1;',
  unparsed: 'export const handler = (;',
  exits: 'process.exit(7);',
  sound: "export const handler = () => 'sound';",
};

describe.runIf(hasDynoxide)('a function that cannot be loaded', () => {
  let stack: LocalStack;
  beforeAll(async () => {
    const functions = Object.fromEntries(Object.keys(CODE).map((name) => [name, lambda(name)]));
    const assembly = anAssembly({ App: { Resources: { Role: role('lambda.amazonaws.com'), ...functions } } }, CODE);
    stack = await start(assembly, { data: aFolder(), users: [] });
  });
  afterAll(() => stack.close());

  const invoke = async (name: string) => {
    const url = `${stack.endpointUrl}/2015-03-31/functions/${name}/invocations`;
    const response = await fetch(url, { method: 'POST', headers: { authorization: SIGNED }, body: '{}' });
    return {
      error: response.headers.get('x-amz-function-error'),
      body: (await response.json()) as { errorType: string; errorMessage: string },
    };
  };

  it.each([
    ['throws at its import', 'throws', 'RangeError', 'out of place'],
    ['exports no such handler', 'misspelt', 'Error', 'exports no function handler'],
    ['is no JavaScript', 'unparsed', 'SyntaxError', ''],
    ['ends its process', 'exits', 'Runtime.ExitError', 'exit status 7'],
  ])('since it %s answers so, each time, and the others serve', async (_, name, errorType, message) => {
    for (const _time of [1, 2]) {
      const { error, body } = await invoke(name);
      expect([error, body.errorType]).toEqual(['Unhandled', errorType]);
      expect(body.errorMessage).toContain(message);
    }
    expect((await invoke('sound')).body).toBe('sound');
  });

  it('is named, with its error in one line, to whoever waits until all are loaded', async () => {
    await expect(stack.warm()).rejects.toThrow(/^function \w+ cannot be loaded: [\w.]+: .+$/);
  });
});
