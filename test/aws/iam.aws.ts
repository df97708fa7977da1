import { IAMClient, SimulateCustomPolicyCommand } from '@aws-sdk/client-iam';
import { afterAll, describe, expect, it } from 'vitest';
import { COMBINING } from '../local/iam/cases/combining.ts';
import { MATCHING } from '../local/iam/cases/matching.ts';
import { VARIABLES } from '../local/iam/cases/variables.ts';
import { DECISIONS, isSimulated, simulationOf } from './simulation.ts';

const cases = [...MATCHING, ...VARIABLES, ...COMBINING].filter(isSimulated);

/** What the local evaluator is held to, asked of IAM itself. */
describe.skipIf(process.env.AWS_ENDPOINT_URL !== undefined)('IAM', () => {
  const client = new IAMClient({});
  afterAll(() => client.destroy());

  it.each(cases.map((one) => [one.name, one] as const))('decides as the case says: %s', async (_, one) => {
    const { EvaluationResults } = await client.send(new SimulateCustomPolicyCommand(simulationOf(one)));
    expect(EvaluationResults?.map(({ EvalDecision }) => EvalDecision)).toEqual([DECISIONS[one.expect]]);
  });
});
