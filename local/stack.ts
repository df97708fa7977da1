import { join, resolve } from 'node:path';
import { openDataFolder } from './data-folder.ts';
import { givenEndpoint, openDatabase } from './dynamo/open.ts';
import { judgeFor } from './endpoint/dynamodb/judge.ts';
import { openMeter, type Units } from './endpoint/dynamodb/meter.ts';
import { proxyTo } from './endpoint/dynamodb/proxy.ts';
import { cognitoService, identityPages } from './endpoint/identity.ts';
import { lambdaService } from './endpoint/lambda/service.ts';
import { logsService } from './endpoint/logs.ts';
import { s3Service } from './endpoint/s3/service.ts';
import { secretsService } from './endpoint/secrets/service.ts';
import { createEndpoint } from './endpoint/server.ts';
import { statesService } from './endpoint/states/service.ts';
import { stsService } from './endpoint/sts.ts';
import { createEvents } from './events/bus.ts';
import { openPool } from './functions/open.ts';
import { openReservations } from './functions/reservations.ts';
import { createGateway } from './gateway/gateway.ts';
import { createCredentials } from './iam/credentials.ts';
import { openIam } from './iam/open.ts';
import { createIdentity, signInWith, type User } from './identity/identity.ts';
import { openSigningKeys } from './identity/keys.ts';
import { type InvokeTrigger, TriggerFailed } from './identity/trigger.ts';
import { invokeForStates, servicesMayInvoke } from './invoke.ts';
import { type Listening, listen, listenForApis, timed } from './listen.ts';
import { openObjects } from './objects/store.ts';
import { checkDeployment, machinesByArn } from './readiness.ts';
import { openSecretStore } from './secrets/store.ts';
import { type Execution, openStates } from './states/service.ts';
import { readAssembly } from './template/assembly.ts';
import { readDeployment } from './template/deployment.ts';
import { openDaemon } from './trace/daemon.ts';
import { executionTraces } from './trace/executions.ts';
import { invocationTraces } from './trace/invocations.ts';
import { openTraces } from './trace/traces.ts';

export interface LocalStackOptions {
  /** The folder of the cloud assembly, `cdk.out`. */
  readonly assembly: string;
  /** The folder that keeps everything between starts; created if absent. One stack at a time may use it. */
  readonly data: string;
  /** Defaults 4566 and 3000; 0 takes any free port. A busy port is an error. */
  readonly ports?: { readonly endpoint?: number; readonly api?: number };
  /** An endpoint that speaks DynamoDB's API, instead of dynoxide. */
  readonly dynamodb?: string;
  /** Values by name; they replace those that an earlier start has kept. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly users: readonly User[];
  readonly log: (line: string) => void;
  /** Told once, where the stack cannot go on, why and what to do; it has then ended everything, as `close` does. */
  readonly onFailure?: (reason: Error) => void;
  /** Counts the capacity that calls of DynamoDB use up. Absent: nobody asks the database. */
  readonly metered?: boolean;
  /** Told of each change of an execution's status, once it is on disk. */
  readonly onExecution?: (execution: Execution) => void;
}

export interface Counters {
  /** Calls of DynamoDB by operation. */
  readonly dynamodb: Readonly<Record<string, number>>;
  /** What they used up, of a stack that is metered. */
  readonly capacity?: Units;
  readonly transitions: number;
  readonly fsyncs: number;
  /** Invocations by function. */
  readonly invocations: Readonly<Record<string, number>>;
  /** Datagrams at the trace port that held no document. */
  readonly ignoredTraces: number;
  /** Milliseconds that went by in each part: in functions, and of these in the endpoint, and of these in the database; in the journal. */
  readonly wallMs: Readonly<Record<'functions' | 'endpoint' | 'database' | 'journal', number>>;
  /** Milliseconds of a CPU that other processes used: those of functions, and dynoxide. */
  readonly cpuMs: Readonly<Record<'functions' | 'database', number>>;
  /** What Lambda would bill of the invocations' time: each by whole milliseconds, and the memory that its function is given. */
  readonly gigabyteSeconds: number;
}

export interface LocalStack {
  /** Of the first HTTP API. */
  readonly apiUrl: string;
  /** Where AWS's protocols are spoken: give it to the AWS CLI and SDKs as `AWS_ENDPOINT_URL`, with the key `test`. */
  readonly endpointUrl: string;
  /** All stacks' outputs by output name, and by export name where they have one. */
  readonly outputs: Readonly<Record<string, string>>;
  /** An access token. Rejects if the user or the password is another one. */
  signIn(username: string, password: string): Promise<string>;
  /** Resolves when a process of each function is ready. */
  warm(): Promise<void>;
  /** Where functions send their subsegments, as to X-Ray's daemon. */
  readonly traceAddress: string;
  /** The folder of each function's code as the template has it, by name. */
  folders(): ReadonlyMap<string, string>;
  /**
   * Runs a function from another folder; other functions keep their processes, and what is in flight is answered by the old code.
   * Rejects, and keeps the old code, where the new one cannot be loaded.
   */
  reload(functionName: string, folder: string): Promise<void>;
  counters(): Counters;
  /** Ends every process that was started; executions go on at the next start. May be called twice. */
  close(): Promise<void>;
}

/**
 * Runs a synthesised app on this machine. Resolves when everything can be called. Rejects with an `Error` that says what is
 * wrong, having ended everything it had started: a template that holds something unknown, a port or data folder in use, no
 * DynamoDB.
 */
export const startLocalStack = async (options: LocalStackOptions): Promise<LocalStack> => {
  const { secrets, users, log } = options;
  const now = Date.now;
  const data = resolve(options.data);
  const given = givenEndpoint(options.dynamodb);
  const assembly = readAssembly(options.assembly);
  // Where APIs answer is part of the template's outputs, so it is read once to know the APIs, and again with their URLs.
  const apiIds = readDeployment(assembly, () => '').apis.map(({ id }) => id);

  await using opening = new AsyncDisposableStack();
  opening.defer(openDataFolder(data));
  const open = (listening: Listening): Listening => opening.adopt(listening, (server) => server.close());
  const endpoint = open(await listen(options.ports?.endpoint ?? 4566, 'the AWS endpoint'));
  const apis = await listenForApis(apiIds, options.ports?.api ?? 3000, open);
  const deployment = readDeployment(assembly, (apiId) => apis.get(apiId)?.url ?? '');
  checkDeployment(deployment);
  const { account, region, functions, machines, rules, tables, userPools } = deployment;

  const failed = Promise.withResolvers<Error>();
  const database = opening.adopt(await openDatabase(data, tables, given, failed.resolve), (it) => it.close());
  const meter = options.metered ? openMeter() : undefined;
  const tablesArn = `arn:aws:dynamodb:${region}:${account}:table/`;
  const dynamodb = opening.adopt(proxyTo(database.url, tablesArn, meter), (proxy) => proxy.close());

  const credentials = createCredentials(now);
  const { access, authorize } = openIam({ deployment, file: join(data, 'logs', 'denied.log'), now, log });
  const mayInvoke = servicesMayInvoke(authorize);
  const { record } = opening.adopt(openTraces(data), (opened) => opened.close());
  const daemon = opening.adopt(await openDaemon(record), (opened) => opened.close());
  const pool = opening.adopt(
    openPool({
      functions,
      credentials,
      endpointUrl: endpoint.url,
      traceAddress: daemon.address,
      trace: invocationTraces(record, now),
      data,
    }),
    (opened) => opened.close()
  );
  const reservations = openReservations(join(data, 'concurrency.json'), functions, pool);
  const keys = await openSigningKeys(join(data, 'signing-key.json'));
  const invokeTrigger: InvokeTrigger = async (functionArn, payload, { arn }) => {
    if (mayInvoke('cognito-idp.amazonaws.com', functionArn, arn)) return pool.invoke(functionArn, payload);
    throw new TriggerFailed('PreTokenGeneration invocation failed due to error AccessDeniedException.');
  };
  const identity = createIdentity({ pools: userPools, users, keys, invoke: invokeTrigger, now });
  const store = openSecretStore(join(data, 'secrets.json'), `arn:aws:secretsmanager:${region}:${account}:secret:`, now);
  for (const [name, text] of Object.entries(secrets)) store.ensure(name, { text });

  const objects =
    deployment.buckets.length === 0
      ? undefined
      : opening.adopt(await openObjects(join(data, 'objects'), failed.resolve), (opened) => opened.close());

  // An execution that is resumed calls functions at once, and they call the endpoint: they wait until it is there.
  const served = Promise.withResolvers<void>();
  const events = createEvents({ rules, functions, pool, mayInvoke, account, region, now, log });
  const startable = machinesByArn(deployment);
  const traces = executionTraces(record, (arn) => states.history(arn), now);
  const invoke = invokeForStates(pool, authorize, traces, now);
  const states = opening.adopt(
    await openStates({
      journal: join(data, 'executions.journal'),
      invoke: async (call) => {
        await served.promise;
        return invoke(call);
      },
      machine: (arn) => startable.get(arn),
      onBroken: failed.resolve,
      onStatusChange: async (event) => {
        await served.promise;
        traces.changed(event);
        options.onExecution?.(event);
        await events.executionChanged(event);
      },
    }),
    (opened) => opened.close()
  );
  opening.defer(events.close);

  const aws = createEndpoint({
    credentials,
    authorize,
    dynamodb,
    judgeDynamoDb: judgeFor({ tables, keys: deployment.access.keys, account, region, authorize }),
    json: {
      AWSStepFunctions: statesService(states, machines, now()),
      secretsmanager: secretsService(store, now),
      Logs_20140328: logsService({
        groups: deployment.logGroups,
        functions,
        folder: join(data, 'logs'),
        arnPrefix: `arn:aws:logs:${region}:${account}:log-group:`,
        startedAt: now(),
      }),
      AWSCognitoIdentityProviderService: cognitoService(identity, keys, userPools),
    },
    sts: stsService({ account, access, credentials, authorize, now }),
    lambda: lambdaService({
      functions,
      arnPrefix: `arn:aws:lambda:${region}:${account}:function:`,
      pool,
      reservations,
      policies: deployment.access.resourcePolicies,
      invokeLater: events.invokeLater,
      authorize,
    }),
    s3: objects && s3Service({ buckets: deployment.buckets, region, store: objects, authorize, startedAt: now(), now }),
    identity: identityPages(identity, keys, userPools),
    log,
  });
  const timedAws = timed(aws.listener);
  endpoint.serve(timedAws.listener);
  for (const api of deployment.apis) {
    apis.get(api.id)?.serve(createGateway({ api, account, region, mayInvoke, identity, pool, now, log }));
  }

  served.resolve();

  const running = opening.move();
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= running.disposeAsync();
    return closed;
  };
  void failed.promise.then(async (reason) => {
    if (closed !== undefined) return; // that is why it ended
    await close();
    options.onFailure?.(reason);
  });
  return {
    apiUrl: apis.get(apiIds[0] ?? '')?.url ?? '',
    endpointUrl: endpoint.url,
    outputs: deployment.outputs,
    signIn: signInWith(identity, userPools),
    warm: () => pool.warm(),
    traceAddress: daemon.address,
    folders: () => new Map(functions.map(({ name, folder }) => [name, folder])),
    reload: (functionName, folder) => pool.reload(functionName, resolve(folder)),
    counters: () => {
      const { transitions, fsyncs, journalMs } = states.counters();
      const { busyMs, cpuMs, gigabyteSeconds } = pool.usage();
      return {
        dynamodb: aws.counters(),
        ...(meter && { capacity: meter.taken() }),
        transitions,
        fsyncs,
        invocations: pool.counters(),
        ignoredTraces: daemon.ignored(),
        wallMs: { functions: busyMs, endpoint: timedAws.ms(), database: dynamodb.waitedMs(), journal: journalMs },
        cpuMs: { functions: cpuMs, database: database.cpuMs() },
        gigabyteSeconds,
      };
    },
    close,
  };
};
