import * as z from 'zod';
import type { States } from '../../states/service.ts';
import { isObject, type Json, type JsonObject } from '../../template/json.ts';
import type { MachineAlias, StateMachine } from '../../template/machines.ts';
import { ServiceError } from '../exchange.ts';
import type { Operation } from '../operation.ts';
import { Arn, IncludedData, Paging, pageAs, seconds, statesOperation } from './request.ts';

const OfMachine = z.object({ stateMachineArn: Arn });
const machineArn = (input: z.infer<typeof OfMachine>): string => input.stateMachineArn;

const keyOf = (arn: string): string => arn;

/** `LogGroupArn` → `logGroupArn`, throughout: the template and the API differ in nothing else. */
const camelCased = (value: Json | undefined): Json | undefined => {
  if (Array.isArray(value)) return value.map((element: Json) => camelCased(element) ?? null);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name.charAt(0).toLowerCase() + name.slice(1), camelCased(inner)])
  );
};

const configurationOf = ({ logging, isTraced }: Pick<StateMachine, 'logging' | 'isTraced'>): JsonObject => ({
  loggingConfiguration: {
    level: 'OFF',
    includeExecutionData: false,
    ...(camelCased(logging) as JsonObject | undefined),
  },
  tracingConfiguration: { enabled: isTraced },
  encryptionConfiguration: { type: 'AWS_OWNED_KEY' },
});

/** The one revision that there is of each, as the template's attribute says. */
const REVISION = { revisionId: '1' };

/** What can be asked about the state machines of the template; `createdAt` is when the stack started. */
export const machineOperations = (
  states: States,
  machines: readonly StateMachine[],
  createdAt: number
): Readonly<Record<string, Operation>> => {
  const creationDate = seconds(createdAt);

  const find = (arn: string, missing = 'StateMachineDoesNotExist'): StateMachine => {
    const machine = machines.find(({ startableAs }) => startableAs.has(arn));
    if (machine !== undefined) return machine;
    if (!/^arn:[\w-]+:states:[\w-]+:\d{12}:stateMachine:[^:]+(:[^:]+)?$/.test(arn))
      throw new ServiceError('InvalidArn', `expected the ARN of a state machine, found ${arn}`);
    throw new ServiceError(missing, `there is no state machine ${arn}`);
  };
  const findAlias = (arn: string): MachineAlias => {
    const alias = machines.flatMap(({ aliases }) => aliases).find((candidate) => candidate.arn === arn);
    if (alias !== undefined) return alias;
    throw new ServiceError('ResourceNotFound', `there is no alias ${arn}`);
  };

  return {
    ListStateMachines: statesOperation(
      z.object(Paging),
      () => '*',
      (paging) =>
        pageAs(
          'stateMachines',
          machines,
          ({ arn }) => arn,
          ({ arn, name }) => ({
            stateMachineArn: arn,
            name,
            type: 'STANDARD',
            creationDate,
          }),
          paging
        )
    ),
    DescribeStateMachine: statesOperation(
      OfMachine.extend({ includedData: IncludedData }),
      machineArn,
      ({ stateMachineArn, includedData }) => {
        const machine = find(stateMachineArn);
        const arn = machine.startableAs.get(stateMachineArn) ?? machine.arn; // an alias stands for its version
        const description = machine.versions.get(arn);
        return {
          stateMachineArn: arn,
          name: machine.name,
          status: 'ACTIVE',
          definition: includedData === 'ALL_DATA' ? JSON.stringify(machine.definition) : '{}',
          roleArn: machine.roleArn,
          type: 'STANDARD',
          creationDate,
          ...configurationOf(machine),
          ...REVISION,
          ...(description === undefined ? {} : { description }),
        };
      }
    ),
    DescribeStateMachineForExecution: statesOperation(
      z.object({ executionArn: Arn, includedData: IncludedData }),
      ({ executionArn }) => executionArn,
      ({ executionArn, includedData }) => {
        const { arn, roleArn, definition } = states.machineOf(executionArn);
        const { stateMachineArn, startDate } = states.describe(executionArn);
        const now = machines.find((machine) => machine.arn === stateMachineArn);
        return {
          stateMachineArn: arn,
          name: stateMachineArn.split(':').at(-1),
          definition: includedData === 'ALL_DATA' ? JSON.stringify(definition) : '{}',
          roleArn,
          updateDate: Math.min(creationDate, seconds(startDate)),
          ...configurationOf(now ?? { logging: undefined, isTraced: false }),
          ...REVISION,
        };
      }
    ),
    ListStateMachineVersions: statesOperation(OfMachine.extend(Paging), machineArn, ({ stateMachineArn, ...paging }) =>
      pageAs(
        'stateMachineVersions',
        [...find(stateMachineArn).versions.keys()],
        keyOf,
        (arn) => ({
          stateMachineVersionArn: arn,
          creationDate,
        }),
        paging
      )
    ),
    ListStateMachineAliases: statesOperation(OfMachine.extend(Paging), machineArn, ({ stateMachineArn, ...paging }) => {
      const { arn, aliases } = find(stateMachineArn);
      const found = aliases.filter(({ versionArn }) => [arn, versionArn].includes(stateMachineArn));
      return pageAs(
        'stateMachineAliases',
        found.map((alias) => alias.arn),
        keyOf,
        (alias) => ({
          stateMachineAliasArn: alias,
          creationDate,
        }),
        paging
      );
    }),
    DescribeStateMachineAlias: statesOperation(
      z.object({ stateMachineAliasArn: Arn }),
      ({ stateMachineAliasArn }) => stateMachineAliasArn,
      ({ stateMachineAliasArn }) => {
        const { name, description, versionArn } = findAlias(stateMachineAliasArn);
        return {
          stateMachineAliasArn,
          name,
          ...(description === undefined ? {} : { description }),
          routingConfiguration: [{ stateMachineVersionArn: versionArn, weight: 100 }],
          creationDate,
          updateDate: creationDate,
        };
      }
    ),
    ListTagsForResource: statesOperation(
      z.object({ resourceArn: Arn }),
      ({ resourceArn }) => resourceArn,
      ({ resourceArn }) => ({
        tags: find(resourceArn, 'ResourceNotFound').tags.map(({ Key: key, Value: value }) => ({ key, value })),
      })
    ),
  };
};
