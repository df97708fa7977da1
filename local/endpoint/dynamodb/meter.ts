/** Units of DynamoDB's on-demand capacity. An index's are counted with its table's. */
export interface Units {
  readonly read: number;
  readonly write: number;
}

/** Counts what calls use up, as the database reports it of each. Throughput falls by it, so a stack meters only when it is asked to. */
export interface Meter {
  /** The request, with the question what it uses up. */
  asking(body: Buffer): Buffer;
  /** Reads what an answer says of it. */
  note(operation: string, body: Buffer): void;
  taken(): Units;
}

const READS: ReadonlySet<string> = new Set(['GetItem', 'BatchGetItem', 'Query', 'Scan', 'TransactGetItems']);

interface Answer {
  readonly ConsumedCapacity?:
    | { readonly CapacityUnits?: number }
    | readonly { readonly CapacityUnits?: number }[]
    | undefined;
}

export const openMeter = (): Meter => {
  const units = { read: 0, write: 0 };
  return {
    asking: (body) =>
      Buffer.from(JSON.stringify({ ...JSON.parse(body.toString('utf8')), ReturnConsumedCapacity: 'INDEXES' })),
    note(operation, body) {
      const { ConsumedCapacity = [] } = JSON.parse(body.toString('utf8')) as Answer;
      const tables = Array.isArray(ConsumedCapacity) ? ConsumedCapacity : [ConsumedCapacity];
      const used = tables.reduce((sum, { CapacityUnits = 0 }) => sum + CapacityUnits, 0);
      units[READS.has(operation) ? 'read' : 'write'] += used;
    },
    taken: () => ({ ...units }),
  };
};
