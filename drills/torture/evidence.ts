import { DynamoDBClient, ListTablesCommand, paginateScan } from '@aws-sdk/client-dynamodb';
import {
  type HistoryEvent,
  ListStateMachinesCommand,
  paginateGetExecutionHistory,
  paginateListExecutions,
  SFNClient,
} from '@aws-sdk/client-sfn';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod';

const Item = z.looseObject({ pk: z.string(), sk: z.string(), content: z.unknown().optional() }); // counters have none
/** An item of the state or of the audit table. */
export type Item = z.infer<typeof Item>;

export interface Execution {
  readonly name: string;
  readonly status: string;
  readonly history: readonly HistoryEvent[];
}

/** What the stack says about itself, as anybody with the AWS command line can ask it. */
export interface Evidence {
  readonly items: readonly Item[];
  readonly executions: readonly Execution[];
}

const optionsFor = (endpoint: string) => ({
  endpoint,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
});

const itemsOf = async (client: DynamoDBClient): Promise<readonly Item[]> => {
  const { TableNames = [] } = await client.send(new ListTablesCommand({}));
  const items: Item[] = [];
  for (const TableName of TableNames)
    for await (const page of paginateScan({ client }, { TableName, ConsistentRead: true }))
      items.push(...(page.Items ?? []).map((item) => Item.parse(unmarshall(item))));
  return items;
};

const executionArns = async (client: SFNClient) => {
  const { stateMachines = [] } = await client.send(new ListStateMachinesCommand({}));
  const found = [];
  for (const { stateMachineArn } of stateMachines)
    for await (const page of paginateListExecutions({ client }, { stateMachineArn }))
      found.push(...(page.executions ?? []));
  return found;
};

/** How many executions have not ended. */
export const runningAt = async (endpoint: string): Promise<number> => {
  const client = new SFNClient(optionsFor(endpoint));
  try {
    return (await executionArns(client)).filter(({ status }) => status === 'RUNNING').length;
  } finally {
    client.destroy();
  }
};

/** Everything that the two tables hold, and every execution with its history. */
export const evidenceAt = async (endpoint: string): Promise<Evidence> => {
  const [database, states] = [new DynamoDBClient(optionsFor(endpoint)), new SFNClient(optionsFor(endpoint))];
  try {
    const executions: Execution[] = [];
    for (const { executionArn, name = '', status = '' } of await executionArns(states)) {
      const history: HistoryEvent[] = [];
      for await (const page of paginateGetExecutionHistory({ client: states }, { executionArn, maxResults: 1_000 }))
        history.push(...(page.events ?? []));
      executions.push({ name, status, history });
    }
    return { items: await itemsOf(database), executions };
  } finally {
    database.destroy();
    states.destroy();
  }
};
