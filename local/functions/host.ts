/**
 * Runs in a process of its own: loads one function and serves its invocations, one at a time, as the Lambda runtime for
 * Node.js does. It ends with the process that started it.
 */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Answer, type Call, failure, MAX_PAYLOAD_BYTES, type Reply } from './messages.ts';

type Handler = (event: unknown, context: object) => unknown;

const [folder = '', handlerName = '', cacheFolder] = process.argv.slice(2);

const failureOf = (thrown: unknown): Answer =>
  thrown instanceof Error
    ? failure(thrown.name, thrown.message, thrown.stack?.split('\n') ?? [])
    : failure(typeof thrown, String(thrown));

const load = async (): Promise<Handler> => {
  const dot = handlerName.lastIndexOf('.');
  const file = ['.mjs', '.js', '.cjs']
    .map((extension) => join(folder, handlerName.slice(0, dot) + extension))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) throw new Error(`there is no module for the handler ${handlerName} in its folder`);
  const module = (await import(pathToFileURL(file).href)) as Readonly<Record<string, unknown>>;
  const handler = module[handlerName.slice(dot + 1)];
  if (typeof handler !== 'function') throw new Error(`${file} exports no function ${handlerName.slice(dot + 1)}`);
  return handler as Handler;
};

const contextOf = ({ requestId, arn, deadline }: Call): object => ({
  awsRequestId: requestId,
  callbackWaitsForEmptyEventLoop: true,
  functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
  functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
  invokedFunctionArn: arn,
  memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
  logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
  getRemainingTimeInMillis: () => Math.max(0, deadline - Date.now()),
});

const serve = async (handler: Handler, call: Call): Promise<Answer> => {
  process.env._X_AMZN_TRACE_ID = call.traceHeader;
  let result: unknown;
  try {
    result = await handler(JSON.parse(call.payload), contextOf(call));
  } catch (thrown) {
    return failureOf(thrown);
  }
  try {
    const payload = JSON.stringify(result) ?? 'null';
    const bytes = Buffer.byteLength(payload);
    if (bytes <= MAX_PAYLOAD_BYTES) return { failed: false, payload };
    const limit = `maximum allowed payload size (${MAX_PAYLOAD_BYTES} bytes)`;
    return failure('Function.ResponseSizeTooLarge', `Response payload size (${bytes} bytes) exceeded ${limit}.`);
  } catch {
    return failure('Runtime.MarshalError', 'Unable to stringify response body');
  }
};

/** What fails is in the function's log too, as Lambda puts it there. */
const logged = (answer: Answer, what: string): Answer => {
  if (answer.failed) process.stderr.write(`${new Date().toISOString()}\t${what}\tERROR\t${answer.payload}\n`);
  return answer;
};

const say = (reply: Reply): void => {
  process.send?.(reply);
};

let current: Call | undefined;

/** What nobody catches ends the process, and is the answer to the call that runs, as in Lambda. */
const crash = (answer: Answer, status: number): void => {
  const { failed, payload } = logged(answer, current?.requestId ?? 'between calls');
  if (current === undefined || process.send === undefined) process.exit(status);
  process.send({ kind: 'last', failed, payload } satisfies Reply, () => process.exit(status));
};
process.on('uncaughtException', (error) => crash(failureOf(error), 129));
process.on('unhandledRejection', (reason) => crash(failure('Runtime.UnhandledPromiseRejection', String(reason)), 128));

process.on('disconnect', () => process.exit(0));
enableCompileCache(cacheFolder);
try {
  const handler = await load();
  process.on('message', (call: Call) => {
    current = call;
    serve(handler, call).then(
      (answer) => {
        current = undefined;
        say({ kind: 'answer', ...logged(answer, call.requestId) });
      },
      () => process.exit(1)
    );
  });
  say({ kind: 'ready' });
} catch (thrown) {
  say({ kind: 'unusable', payload: logged(failureOf(thrown), 'loading').payload });
}
