/** AWS's list prices of on-demand use in us-east-1 without free tier, in dollars, as its pricing pages had them on this day. */
export const LISTED_ON = '2026-11-25';

export interface Price {
  readonly what: string;
  readonly unit: string;
  /** Dollars for a million units. */
  readonly perMillion: number;
}

/** What a governed run uses of AWS, by the names that `Use` counts it under. */
export const AWS_PRICES = {
  /** https://aws.amazon.com/step-functions/pricing/ (Standard) */
  transitions: { what: 'Step Functions', unit: 'state transitions', perMillion: 25 },
  /** https://aws.amazon.com/lambda/pricing/ (Arm) */
  invocations: { what: 'Lambda', unit: 'invocations', perMillion: 0.2 },
  gigabyteSeconds: { what: 'Lambda', unit: 'GB-seconds', perMillion: 13.3334 },
  /** https://aws.amazon.com/dynamodb/pricing/on-demand/ (standard table class) */
  writeUnits: { what: 'DynamoDB', unit: 'write units', perMillion: 0.625 },
  readUnits: { what: 'DynamoDB', unit: 'read units', perMillion: 0.125 },
  /** https://aws.amazon.com/api-gateway/pricing/ (HTTP API, the first 300 million) */
  requests: { what: 'HTTP API', unit: 'requests', perMillion: 1 },
} as const satisfies Readonly<Record<string, Price>>;

export type Used = keyof typeof AWS_PRICES;

/** How much of each a number of runs used. */
export type Use = Readonly<Record<Used, number>>;

/** What others charge for the part of the same run that they would do; what runs beside it comes on top there. */
export const PEERS = [
  {
    who: 'Temporal Cloud',
    /** https://temporal.io/pricing */
    perMillion: 50,
    unit: 'actions',
    covers: 'one action to start the workflow and one for each activity; workers, storage and support come on top',
    unitsOf: ({ tasks }: Shape): number => 1 + tasks,
  },
  {
    who: 'Bedrock AgentCore',
    /** https://aws.amazon.com/bedrock/agentcore/pricing/ */
    perMillion: 30,
    unit: 'governed tool calls',
    covers:
      'one policy authorisation ($25) and one gateway call ($5) for each; the agent’s runtime, memory and tools come on top',
    unitsOf: ({ toolCalls }: Shape): number => toolCalls,
  },
] as const;

/** What a run consists of: functions that its state machine calls, and those of them that reach a customer's system. */
export interface Shape {
  readonly tasks: number;
  readonly toolCalls: number;
}
