import { readAssembly } from '../template/assembly.ts';
import { readDeployment } from '../template/deployment.ts';
import type { JsonObject } from '../template/json.ts';

/** `TicketTriageroute15751E13` → `TicketTriageroute`: the id without what the CDK appends to make it unique. */
const withoutHash = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');

/** Of a resource's name as the local stack gives it, `Stack-LogicalId-suffix`; a name of the template's own stays. */
const logicalIdOf = (name: string): string => /-([A-Za-z0-9]+)-[a-z0-9]+$/.exec(name)?.[1] ?? name;

const normal = (name: string): string => name.replace(/[^A-Za-z0-9]/g, '').toLowerCase();

/** The construct that a state machine stands in: `TicketTriage`. */
const constructOf = (name: string): string => withoutHash(logicalIdOf(name)).replace(/StateMachine$/, '');

/** `route` of the machine's own construct, `JiraRead` of another. */
const shortNameOf = (name: string, construct: string): string => {
  const id = withoutHash(logicalIdOf(name));
  const own = id.startsWith(construct) ? id.slice(construct.length) : id;
  return own.replace(/(?<=.)Function$/, '') || id;
};

/**
 * The definition of a state machine in a synthesised app, in which each function has its logical name: without stack, the
 * machine's own construct, `Function` at its end, and what makes it unique. `named` may be written in any way:
 * `ticket-triage`, `TicketTriage`. Throws an `Error` that lists the machines, if it means none of them or several.
 */
export const machineFrom = (folder: string, named: string): JsonObject => {
  const { machines, functions } = readDeployment(readAssembly(folder), () => '');
  const meant = machines.filter(({ name }) => name === named || normal(constructOf(name)) === normal(named));
  const [machine] = meant;
  if (machine === undefined || meant.length > 1) {
    const known = machines.map(({ name }) => constructOf(name)).join(', ');
    throw new Error(`${folder} has ${meant.length} state machines named ${named}; it has ${known || 'none at all'}`);
  }
  const construct = constructOf(machine.name);
  const short = functions.map(({ name }) => ({ name, as: shortNameOf(name, construct) }));
  const text = short
    .filter(({ as }) => short.filter((other) => other.as === as).length === 1)
    .reduce(
      (definition, { name, as }) => definition.replaceAll(`:function:${name}`, `:function:${as}`),
      JSON.stringify(machine.definition)
    );
  return JSON.parse(text) as JsonObject;
};
