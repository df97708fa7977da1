import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { Retryable, Terminal, Uncertain } from '../../lambdas/core/errors.ts';
import { reap } from '../../lambdas/core/steps/reap.ts';
import { defineStep } from '../../lambdas/core/steps/step.ts';
import { serve } from '../../lambdas/runtime/serve.ts';

const context = { functionName: 'f', awsRequestId: 'request-1', memoryLimitInMB: '128' } as Context;
const CONTENT = 'the vpn of Ada Lovelace';

const handlerThat = (run: (input: { tenant: string; run: string; text: string }) => Promise<{ kind: 'ok' }>) =>
  serve(
    defineStep({
      name: 'test-step',
      input: z.strictObject({ tenant: z.string(), run: z.string(), text: z.string() }),
      output: z.strictObject({ kind: z.literal('ok') }),
      run: (_: object, input) => run(input),
    }),
    {}
  );

const event = { tenant: 'acme', run: 'a'.repeat(26), text: CONTENT };

describe('serving a step', () => {
  let printed: string[];
  beforeEach(() => {
    printed = [];
    const print = (chunk: string | Uint8Array): boolean => {
      printed.push(chunk.toString());
      return true;
    };
    vi.spyOn(process.stdout, 'write').mockImplementation(print);
    vi.spyOn(process.stderr, 'write').mockImplementation(print);
    vi.spyOn(globalThis.console, 'log').mockImplementation((...parts: unknown[]) => void printed.push(parts.join(' ')));
  });
  afterEach(() => vi.restoreAllMocks());

  const faultOf = (handler: (event: unknown, context: Context) => Promise<unknown>, given: unknown = event) =>
    handler(given, context).then(
      () => expect.unreachable('it should have failed'),
      (error: Error) => error
    );

  it('answers what the step answers', async () => {
    expect(await handlerThat(async () => ({ kind: 'ok' }))(event, context)).toEqual({ kind: 'ok' });
  });

  it('refuses an event of another shape by its paths, and says nothing of its values', async () => {
    const error = await faultOf(
      handlerThat(async () => ({ kind: 'ok' })),
      { ...event, text: 7, more: CONTENT }
    );
    expect(error).toBeInstanceOf(Terminal);
    expect(error.message).toContain('text (invalid_type)');
    expect(error.message + printed.join('')).not.toContain('Lovelace');
  });

  it('refuses an event that breaks a rule of its own in the words of that rule', async () => {
    const error = await faultOf(serve(reap, {} as Parameters<typeof reap.run>[0]), {
      detail: { status: 'FAILED', input: CONTENT },
    });
    expect(error.message).toBe(
      'reap does not accept this input: detail.input (the execution input must be JSON with tenant and run)'
    );
  });

  it.each([Retryable, Terminal, Uncertain])('hands on the fault that it is: %o', async (Fault) => {
    const thrown = new Fault('in our words');
    expect(await faultOf(handlerThat(() => Promise.reject(thrown)))).toBe(thrown);
    expect(thrown.name).toBe(Fault.name);
  });

  it('calls a defect uncertain, and keeps its message to itself', async () => {
    const handler = handlerThat(async ({ text }) => JSON.parse(`{"${text}`));
    const error = await faultOf(handler);

    expect(error).toBeInstanceOf(Uncertain);
    expect(error.message).toBe('test-step failed unexpectedly (SyntaxError)');
    expect(`${error.message} ${error.stack}`).not.toContain('Lovelace');
    expect(printed.join('')).toContain('step failed');
    expect(printed.join('')).not.toContain('Lovelace');
  });

  it('calls an answer of another shape uncertain', async () => {
    const error = await faultOf(handlerThat(async () => ({ kind: CONTENT }) as unknown as { kind: 'ok' }));
    expect(error).toBeInstanceOf(Uncertain);
    expect(error.message + printed.join('')).not.toContain('Lovelace');
  });
});
