import { describe, expect, it } from 'vitest';
import { openMeter } from '../../../local/endpoint/dynamodb/meter.ts';

const answer = (body: object): Buffer => Buffer.from(JSON.stringify(body));

describe('a meter of DynamoDB', () => {
  it('asks each call what it uses up, and leaves the rest of it as it is', () => {
    const asked = openMeter().asking(answer({ TableName: 'state', Key: { pk: { S: 'é' } } }));

    expect(JSON.parse(asked.toString('utf8'))).toEqual({
      TableName: 'state',
      Key: { pk: { S: 'é' } },
      ReturnConsumedCapacity: 'INDEXES',
    });
  });

  it('counts reads and writes, of one table and of several; what failed uses up nothing', () => {
    const meter = openMeter();
    meter.note('PutItem', answer({ ConsumedCapacity: { TableName: 'state', CapacityUnits: 3 } }));
    meter.note('TransactWriteItems', answer({ ConsumedCapacity: [{ CapacityUnits: 14 }, { CapacityUnits: 2 }] }));
    meter.note('BatchGetItem', answer({ Responses: {}, ConsumedCapacity: [{ CapacityUnits: 2.5 }] }));
    meter.note('UpdateItem', answer({ __type: 'ConditionalCheckFailedException' }));

    expect(meter.taken()).toEqual({ read: 2.5, write: 19 });
  });
});
