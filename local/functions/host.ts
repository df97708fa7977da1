/**
 * Runs in a process of its own: loads one function and serves its invocations, one at a time, as the Lambda runtime for
 * Node.js does. It ends with the process that started it.
 */
import { existsSync } from 'node:fs';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { format } from 'node:util';
import { type Answer, type Call, failure, MAX_PAYLOAD_BYTES, type Reply } from './messages.ts';
import { endLines, startLine } from './report.ts';

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

const contextOf = ({ requestId, arn, deadline, clientContext }: Call): object => ({
  awsRequestId: requestId,
  clientContext,
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

const print = (text: string): void => {
  process.stdout.write(text);
};

let requestId = 'undefined'; // as Lambda prints it while a function is loaded

const logLine = (level: string, text: string): string =>
  `${new Date().toISOString()}\t${requestId}\t${level}\t${text}\n`;

/** Lambda puts the time, the request and the level before what the console prints, and everything into one stream. */
const takeConsole = (): void => {
  const levels = { log: 'INFO', info: 'INFO', debug: 'DEBUG', warn: 'WARN', error: 'ERROR' } as const;
  for (const [method, level] of Object.entries(levels)) {
    console[method as keyof typeof levels] = (...values: readonly unknown[]) =>
      print(logLine(level, format(...values)));
  }
};

const say = (reply: Reply): void => {
  process.send?.(reply);
};

let initMs: number | undefined;

/** What this process has used since it was asked last. */
const cpuMeter = (): (() => number) => {
  let before = process.cpuUsage();
  return () => {
    const now = process.cpuUsage();
    const used = now.user + now.system - before.user - before.system;
    before = now;
    return used / 1_000;
  };
};

const invoke = async (handler: Handler, call: Call): Promise<Answer> => {
  requestId = call.requestId;
  print(startLine(call, process.env.AWS_LAMBDA_FUNCTION_VERSION ?? ''));
  const begun = performance.now();
  const answer = await serve(handler, call);
  const durationMs = performance.now() - begun;
  const usage = {
    durationMs,
    memoryMegabytes: Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
    maxMemoryMegabytes: Math.ceil(process.resourceUsage().maxRSS / 1_024),
    ...(initMs === undefined ? {} : { initMs }),
  };
  initMs = undefined;
  const failed = answer.failed ? logLine('ERROR', `Invoke Error \t${answer.payload}`) : '';
  print(failed + endLines(call, usage));
  return answer;
};

let current: Call | undefined;

/** What nobody catches ends the process, and is the answer to the call that runs, as in Lambda. */
const crash = ({ failed, payload }: Answer, status: number): void => {
  print(logLine('ERROR', `Uncaught Exception \t${payload}`));
  if (current === undefined || process.send === undefined) process.exit(status);
  process.send({ kind: 'last', failed, payload } satisfies Reply, () => process.exit(status));
};
process.on('uncaughtException', (error) => crash(failureOf(error), 129));
process.on('unhandledRejection', (reason) => crash(failure('Runtime.UnhandledPromiseRejection', String(reason)), 128));

process.on('disconnect', () => process.exit(0));
process.stdout.on('error', () => process.exit(0)); // whoever reads the log is gone
enableCompileCache(cacheFolder);
takeConsole();
try {
  const handler = await load();
  const cpuMs = cpuMeter();
  process.on('message', (call: Call) => {
    current = call;
    invoke(handler, call).then(
      (answer) => {
        current = undefined;
        say({ kind: 'answer', ...answer, cpuMs: cpuMs() });
      },
      () => process.exit(1)
    );
  });
  initMs = performance.now(); // since the process began
  say({ kind: 'ready' });
} catch (thrown) {
  const { payload } = failureOf(thrown);
  print(logLine('ERROR', `Uncaught Exception \t${payload}`));
  say({ kind: 'unusable', payload });
}
