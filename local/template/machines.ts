import { readFileSync } from 'node:fs';
import * as z from 'zod';
import type { Assembly } from './assembly.ts';
import type { JsonObject } from './json.ts';
import * as properties from './properties.ts';
import { arnOf, type Select } from './select.ts';

export interface MachineAlias {
  readonly arn: string;
  readonly name: string;
  readonly description: string | undefined;
  readonly versionArn: string;
}

export interface StateMachine {
  /** `<stack>/<logical id>`, as messages name it. */
  readonly at: string;
  readonly arn: string;
  readonly name: string;
  readonly roleArn: string;
  readonly definition: JsonObject;
  /** Every ARN it can be started by (its own, those of its versions and aliases), and what that starts: itself or a version. */
  readonly startableAs: ReadonlyMap<string, string>;
  /** The description of each version by its ARN. */
  readonly versions: ReadonlyMap<string, string | undefined>;
  readonly aliases: readonly MachineAlias[];
  /** As the template has them. */
  readonly logging: JsonObject | undefined;
  readonly isTraced: boolean;
  readonly tags: readonly properties.Tag[];
}

/** The state machines, each with the ARNs of its versions and aliases. */
export const machinesOf = (select: Select, { assets }: Assembly): readonly StateMachine[] => {
  const versions = select('AWS::StepFunctions::StateMachineVersion', properties.StateMachineVersion);
  const aliases = select('AWS::StepFunctions::StateMachineAlias', properties.StateMachineAlias);
  return select('AWS::StepFunctions::StateMachine', properties.StateMachine).map(({ resource, properties: given }) => {
    const arn = arnOf(resource);
    const asset = given.DefinitionS3Location && assets.get(given.DefinitionS3Location.Key);
    const source =
      given.DefinitionString ??
      (given.Definition && JSON.stringify(given.Definition)) ??
      (asset === undefined ? undefined : readFileSync(asset, 'utf8'));
    if (source === undefined) throw new Error(`${resource.at}: there is no definition`);
    const text = source.replace(
      /\$\{([\w.]+)\}/g,
      (whole, name: string) => given.DefinitionSubstitutions[name] ?? whole
    );
    const own = new Map(
      versions
        .filter((version) => version.properties.StateMachineArn === arn)
        .map((version) => [version.resource.identity.ref, version.properties.Description])
    );
    const named = aliases.flatMap(
      ({ resource: { identity }, properties: { Name, Description, RoutingConfiguration } }) =>
        RoutingConfiguration.filter(({ StateMachineVersionArn }) => own.has(StateMachineVersionArn)).map(
          ({ StateMachineVersionArn: versionArn }) => ({
            arn: identity.ref,
            name: Name,
            description: Description,
            versionArn,
          })
        )
    );
    return {
      at: resource.at,
      arn,
      name: String(resource.identity.attributes.Name),
      roleArn: given.RoleArn,
      definition: definitionIn(text, resource.at),
      startableAs: new Map([
        [arn, arn],
        ...Array.from(own.keys(), (version): [string, string] => [version, version]),
        ...named.map((alias): [string, string] => [alias.arn, alias.versionArn]),
      ]),
      versions: own,
      aliases: named,
      logging: given.LoggingConfiguration,
      isTraced: given.TracingConfiguration?.Enabled === true,
      tags: given.Tags,
    };
  });
};

const definitionIn = (text: string, place: string): JsonObject => {
  try {
    return z.record(z.string(), z.json()).parse(JSON.parse(text)) as JsonObject;
  } catch (cause) {
    throw new Error(`${place}: the definition of the state machine is not a JSON object`, { cause });
  }
};
