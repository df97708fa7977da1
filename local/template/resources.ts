import type { Assembly, Stack } from './assembly.ts';
import { IDENTITIES, type Identity } from './identity.ts';
import { evaluate, type References } from './intrinsics.ts';
import { isObject, type Json, type JsonObject } from './json.ts';

/** One resource of the template, every reference resolved. */
export interface Resource {
  /** `<stack>/<logical id>`, as messages name it. */
  readonly at: string;
  readonly type: string;
  readonly identity: Identity;
  readonly properties: JsonObject;
}

export interface Resources {
  readonly resources: readonly Resource[];
  /** All stacks' outputs, by export name where they have one and by output name. */
  readonly outputs: Readonly<Record<string, string>>;
}

/** Remembers what was made for a key, and refuses to make it while it is being made. */
const memoise = <T>(make: (key: string) => T): ((key: string) => T) => {
  const made = new Map<string, T>();
  const inProgress = new Set<string>();
  return (key) => {
    const known = made.get(key);
    if (known !== undefined) return known;
    if (inProgress.has(key)) throw new Error(`${key} refers to itself`);
    inProgress.add(key);
    try {
      const value = make(key);
      made.set(key, value);
      return value;
    } finally {
      inProgress.delete(key);
    }
  };
};

/** Runs `work`; what it throws is told with the place it was at. */
const at = <T>(place: string, work: () => T): T => {
  try {
    return work();
  } catch (cause) {
    throw new Error(`${place}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
};

const dig = (value: Json | undefined, path: string): Json | undefined =>
  path.split('.').reduce<Json | undefined>((inner, key) => {
    if (Array.isArray(inner)) return inner[Number(key)] as Json | undefined;
    return isObject(inner) ? inner[key] : undefined;
  }, value);

interface Scope {
  readonly stack: Stack;
  readonly references: References;
  readonly identityOf: (id: string) => Identity;
}

/** What stacks know of each other, and of where they run. */
interface Shared extends Pick<References, 'importValue' | 'stackOutput'> {
  readonly apiEndpoint: (apiId: string) => string;
}

const scopeOf = (stack: Stack, { apiEndpoint, importValue, stackOutput }: Shared): Scope => {
  const { name, account, region, template } = stack;
  const pseudo: Readonly<Record<string, Json | undefined>> = {
    'AWS::AccountId': account,
    'AWS::Region': region,
    'AWS::Partition': 'aws',
    'AWS::URLSuffix': 'amazonaws.com',
    'AWS::StackName': name,
    'AWS::StackId': `arn:aws:cloudformation:${region}:${account}:stack/${name}/local`,
    'AWS::NotificationARNs': [],
    'AWS::NoValue': undefined,
  };
  const identityOf = memoise((id: string): Identity => {
    const resource = template.Resources[id];
    if (resource === undefined) throw new Error(`there is no resource ${id} in stack ${name}`);
    const identify = IDENTITIES[resource.Type];
    if (identify === undefined)
      throw new Error(`${name}/${id}: the local stack does not know the type ${resource.Type}`);
    const property = (path: string): string | undefined => {
      const raw = dig(resource.Properties, path);
      const value = raw === undefined ? undefined : evaluate(raw, references);
      if (value === undefined || typeof value === 'string') return value;
      throw new Error(`${path} must be a string, not ${JSON.stringify(value)}`);
    };
    return at(`${name}/${id}`, () => identify({ id, stack: name, account, region, property, apiEndpoint }));
  });
  const references: References = {
    ref: (id) => {
      if (id in pseudo) return pseudo[id];
      const parameter = template.Parameters?.[id];
      if (parameter === undefined) return identityOf(id).ref;
      if (parameter.Default === undefined) throw new Error(`parameter ${id} of stack ${name} has no default`);
      return parameter.Default;
    },
    attribute: (id, attribute) => {
      const value = identityOf(id).attributes[attribute];
      if (value !== undefined) return value;
      throw new Error(
        `the local stack does not know the attribute ${attribute} of ${id} (${template.Resources[id]?.Type})`
      );
    },
    importValue,
    stackOutput,
    condition: memoise((condition) => {
      const expression = template.Conditions?.[condition];
      if (expression === undefined) throw new Error(`there is no condition ${condition} in stack ${name}`);
      return evaluate(expression, references) === true;
    }),
    mapping: (map, first, second) => {
      const value = dig(template.Mappings?.[map], `${first}.${second}`);
      if (value === undefined) throw new Error(`there is no ${first}.${second} in mapping ${map} of stack ${name}`);
      return value;
    },
  };
  return { stack, references, identityOf };
};

const resourcesOf = ({ stack, references, identityOf }: Scope): readonly Resource[] =>
  Object.entries(stack.template.Resources).flatMap(([id, { Type, Condition, Properties }]) => {
    if (Condition !== undefined && !references.condition(Condition)) return [];
    const identity = identityOf(id);
    return at(`${stack.name}/${id}`, () => {
      const properties = evaluate(Properties ?? {}, references);
      if (!isObject(properties)) throw new Error('Properties must be an object');
      return [{ at: `${stack.name}/${id}`, type: Type, identity, properties }];
    });
  });

interface Output {
  readonly stack: string;
  readonly name: string;
  readonly exportName: string | undefined;
  readonly value: Json | undefined;
}

const outputsOf = ({ stack, references }: Scope): readonly Output[] =>
  Object.entries(stack.template.Outputs).flatMap(([name, { Export, Value, Condition }]) => {
    if (Condition !== undefined && !references.condition(Condition)) return [];
    return at(`${stack.name}/${name}`, () => {
      const exportName = Export === undefined ? undefined : evaluate(Export.Name, references);
      if (exportName !== undefined && typeof exportName !== 'string') throw new Error('Export.Name must be a string');
      return [{ stack: stack.name, name, exportName, value: evaluate(Value, references) }];
    });
  });

/**
 * Resolves every reference of an assembly. `apiEndpoint` says under which URL an API answers. Throws an `Error` that names
 * stack and logical id for a type, intrinsic, attribute or parameter that the local stack does not know.
 */
export const resolveResources = ({ stacks }: Assembly, apiEndpoint: (apiId: string) => string): Resources => {
  const earlier: Output[] = []; // stacks come after those they depend on, so what a stack imports is already here
  const find = (what: string, matches: (output: Output) => boolean): Json => {
    const value = earlier.find(matches)?.value;
    if (value === undefined) throw new Error(`no stack that comes before this one ${what}`);
    return value;
  };
  const shared: Shared = {
    apiEndpoint,
    importValue: (name) => find(`exports ${name}`, ({ exportName }) => exportName === name),
    stackOutput: (stack, name) =>
      find(`is ${stack} with an output ${name}`, (output) => output.stack === stack && output.name === name),
  };
  const resources: Resource[] = [];
  for (const stack of stacks) {
    const scope = scopeOf(stack, shared);
    resources.push(...resourcesOf(scope));
    earlier.push(...outputsOf(scope));
  }
  const outputs: Record<string, string> = {};
  for (const { name, exportName, value } of earlier) {
    if (typeof value === 'string') for (const key of [name, exportName ?? name]) outputs[key] = value;
  }
  return { resources, outputs };
};
