import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { Tracer } from '@aws-lambda-powertools/tracer';
import type { Context } from 'aws-lambda';

/*
 * Logs, metrics and traces of every function, from one place. Nothing else imports Powertools, so another tracer fits here.
 * Service name, namespace and level come from the environment, which the constructs set.
 */

const logger = new Logger();
const metrics = new Metrics();
const tracer = new Tracer({ captureHTTPsRequests: false }); // clients are watched one by one, so that no URL is recorded

/** Ids and names that say which run a line, a metric or a segment is about. Never content. */
export type Labels = Readonly<Record<string, string>>;

export interface Finished {
  readonly name: string;
  /** `ok`'s kind of answer, or the name of the fault. */
  readonly outcome: string;
  readonly isFault: boolean;
  readonly labels: Labels;
  /** What was thrown, where something was. */
  readonly error?: unknown;
}

/** Where an error was thrown, without its message: a message of somebody else's error may quote content. */
const placesOf = (error: unknown): readonly string[] =>
  error instanceof Error
    ? (error.stack ?? '')
        .split('\n')
        .filter((line) => line.startsWith('    at '))
        .slice(0, 8)
    : [];

/** Only messages of the three faults are ours; of any other error the name alone is told. */
const describe = (error: unknown): Readonly<Record<string, unknown>> => {
  if (!(error instanceof Error)) return { name: typeof error };
  const ours = error.name === 'Retryable' || error.name === 'Terminal' || error.name === 'Uncertain';
  return {
    name: error.name,
    ...(ours && { message: error.message }),
    at: placesOf(error),
    ...(error.cause !== undefined && { cause: describe(error.cause) }),
  };
};

type Segment = NonNullable<ReturnType<Tracer['getSegment']>>;
type Subsegment = ReturnType<Segment['addNewSubsegment']>;

const inSubsegment = async <T>(
  name: string,
  describe: (it: Subsegment) => void,
  work: () => Promise<T>
): Promise<T> => {
  const parent = tracer.isTracingEnabled() ? tracer.getSegment() : undefined;
  if (parent === undefined || parent.notTraced) return work(); // not sampled: nobody will look
  const segment = parent.addNewSubsegment(name);
  tracer.setSegment(segment);
  try {
    describe(segment);
    return await work();
  } catch (error) {
    segment.addFaultFlag();
    segment.addAnnotation('fault', error instanceof Error ? error.name : 'unknown');
    throw error;
  } finally {
    segment.close();
    tracer.setSegment(parent);
  }
};

export const observe = {
  /** Called once per invocation, before the work. */
  begin(context: Context): void {
    logger.addContext(context);
  },

  /** One log line and one set of metrics per invocation. */
  end({ name, outcome, isFault, labels, error }: Finished): void {
    const line = { step: name, outcome, ...labels, ...(error !== undefined && { error: describe(error) }) };
    if (isFault) logger.error('step failed', line);
    else logger.info('step finished', line);
    metrics.addDimensions({ step: name, outcome });
    metrics.addMetric(isFault ? 'StepFailed' : 'StepFinished', MetricUnit.Count, 1);
    metrics.publishStoredMetrics();
  },

  /** Says that something goes on, but not for long. */
  warn(what: string, metric: string, about: Readonly<Record<string, string | number>>): void {
    logger.warn(what, about);
    metrics.addMetric(metric, MetricUnit.Count, 1);
  },

  /** Runs work in a subsegment that can be found by its labels. */
  within: <T>(name: string, labels: Labels, work: () => Promise<T>): Promise<T> =>
    inSubsegment(
      `## ${name}`,
      (segment) => {
        for (const [key, value] of Object.entries(labels)) segment.addAnnotation(key, value);
      },
      work
    ),

  /** Shows the calls of one AWS service as subsegments: names of operations, no content. */
  call:
    (service: string) =>
    <T>(operation: string, work: () => Promise<T>): Promise<T> =>
      inSubsegment(
        service,
        (segment) => {
          segment.namespace = 'aws';
          segment.addAttribute('aws', { operation });
        },
        work
      ),

  /** Shows the calls of a client of the SDK as subsegments. */
  watch: <Client>(client: Client): Client => tracer.captureAWSv3Client(client),

  /** The trace of this invocation, so that the audit can name it. `untraced` where there is none. */
  traceId: (): string => tracer.getRootXrayTraceId() ?? 'untraced',
} as const;
