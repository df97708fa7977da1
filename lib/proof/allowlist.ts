import type { StateMachine } from '../../statemachines/segments/asl.ts';
import { functionsCalledBy, NotProven } from './prove.ts';

/** As much as is looked at of a synthesised template. */
interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
type Resources = Readonly<Record<string, Resource>>;
export interface Template {
  readonly Resources?: Resources;
}

interface Statement {
  readonly Effect?: string;
  readonly Action?: string | readonly string[];
  readonly NotAction?: unknown;
  readonly Resource?: unknown;
  readonly Condition?: unknown;
}

const list = (value: unknown): readonly unknown[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value];

/** The id that a reference within the template leads to. */
const targetOf = (reference: unknown): string | undefined => {
  const { Ref, 'Fn::GetAtt': attribute } = Object(reference) as { Ref?: string; 'Fn::GetAtt'?: readonly string[] };
  return Ref ?? attribute?.[0];
};

/** The parts of a text that is joined without anything between. */
const partsOf = (text: unknown): readonly unknown[] => {
  const { 'Fn::Join': [between, parts] = [] } = Object(text) as { 'Fn::Join'?: readonly [string, readonly unknown[]] };
  return between === '' && parts !== undefined ? parts : [text];
};

/** The function of a published version; what else is called, as it stands in the template. */
const calleeOf = (resources: Resources, reference: unknown): string => {
  const version = resources[targetOf(reference) ?? ''];
  const called = version?.Type === 'AWS::Lambda::Version' ? targetOf(version.Properties?.FunctionName) : undefined;
  return called ?? JSON.stringify(reference);
};

/** The functions that a machine's definition calls. */
const calledBy = (resources: Resources, machine: Resource): ReadonlySet<string> => {
  const definition = partsOf(machine.Properties?.DefinitionString).map((part) =>
    typeof part === 'string' ? part : JSON.stringify(calleeOf(resources, part)).slice(1, -1)
  );
  return functionsCalledBy(JSON.parse(definition.join('')) as StateMachine);
};

const POLICIES = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::RolePolicy'];

/** Every statement about a role, whichever way it has it. */
const statementsOf = (resources: Resources, role: string): readonly Statement[] => {
  const attached = Object.values(resources).flatMap(({ Type, Properties: { Roles, RoleName, PolicyDocument } = {} }) =>
    POLICIES.includes(Type) && list(Roles ?? RoleName).some((each) => targetOf(each) === role) ? [PolicyDocument] : []
  );
  const inline = list(resources[role]?.Properties?.Policies).map(
    (policy) => (policy as { readonly PolicyDocument?: unknown }).PolicyDocument
  );
  return [...attached, ...inline].flatMap(
    (document) => list((document as { readonly Statement?: unknown }).Statement) as readonly Statement[]
  );
};

/** Whether an action may be one of Lambda's: also where a wildcard stands for the service. */
const isOnFunctions = (action: unknown): boolean => !/^(?!lambda:)[a-z0-9-]+:/i.test(String(action));

/** The function all of whose versions a resource names; anything else as it stands in the template. */
const functionOf = (resource: unknown): string => {
  const [arn, versions, ...others] = partsOf(resource);
  const granted = versions === ':*' && others.length === 0 ? targetOf(arn) : undefined;
  return granted ?? JSON.stringify(resource);
};

/** What a role may invoke: functions by all of their versions, and in words what reaches further or says it otherwise. */
const invocableBy = (resources: Resources, role: string): ReadonlySet<string> => {
  const managed = list(resources[role]?.Properties?.ManagedPolicyArns).map((arn) => JSON.stringify(arn));
  const granted = statementsOf(resources, role).flatMap((statement) => {
    const { Effect, Action, Resource, ...more } = statement;
    if (Action !== undefined && !list(Action).some(isOnFunctions)) return [];
    const isPlain = Effect === 'Allow' && Action === 'lambda:InvokeFunction' && Object.keys(more).length === 0;
    return isPlain ? list(Resource).map(functionOf) : [JSON.stringify(statement)];
  });
  return new Set([...managed, ...granted]);
};

const faultOf = (resources: Resources, [id, machine]: readonly [string, Resource]): readonly string[] => {
  const role = targetOf(machine.Properties?.RoleArn) ?? '';
  if (resources[role]?.Type !== 'AWS::IAM::Role')
    return [`the state machine ${id} has a role that its template does not have: nobody can tell what it may invoke`];
  const [called, invocable] = [calledBy(resources, machine), invocableBy(resources, role)];
  const faults = [
    ['too many', [...invocable].filter((each) => !called.has(each))],
    ['missing', [...called].filter((each) => !invocable.has(each))],
  ] as const;
  const said = faults.flatMap(([what, which]) => (which.length > 0 ? [`  ${what}: ${which.join(', ')}`] : []));
  if (said.length === 0) return [];
  return [`the role ${role} must let the state machine ${id} invoke what it calls and nothing else`, ...said];
};

/**
 * Throws `NotProven` where the role of a state machine of this template may invoke other Lambda functions than its definition
 * calls, by any of their published versions: with the machine, the role, and the functions that are too many or missing.
 */
export const assertAllowlisted = ({ Resources = {} }: Template): void => {
  const machines = Object.entries(Resources).filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine');
  const faults = machines.flatMap((machine) => faultOf(Resources, machine));
  if (faults.length > 0) throw new NotProven(faults.join('\n'));
};
