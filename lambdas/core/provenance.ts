import type { Dossier } from './ledger.ts';
import { fieldsOf, type Reading } from './records.ts';
import type { Tool } from './tool.ts';
import type { ArgumentSource, Place, WorkflowRelease } from './workflow.ts';

/** Tool contracts by name. */
export type Tools = Readonly<Record<string, Tool>>;

/** A value and who can have made it. Which partition it was read from decides that, not what anybody says of it. */
export interface Sourced {
  readonly value: string;
  readonly provenance: 'user' | 'record' | 'untrusted';
}

/** The value at a place, or undefined where nothing was submitted or read there. */
export const valueAt = (
  { input, readings }: Pick<Dossier, 'input' | 'readings'>,
  tools: Tools,
  place: Place
): Sourced | undefined => {
  if (place.from === 'user') {
    const value = input && fieldsOf(input)[place.field];
    return value === undefined ? undefined : { value, provenance: 'user' };
  }
  const tool = tools[place.tool];
  const value = readings.find(({ tool: read, call }) => read === place.tool && call === 'before')?.output[place.field];
  if (tool?.effect !== 'read' || typeof value !== 'string') return undefined;
  return { value, provenance: tool.trust[place.field] === 'record' ? 'record' : 'untrusted' };
};

/** What the places of a workflow's proposal refer to: one reading for each read tool, as it was before the action is decided in this round. */
export const readingsOf = (
  { proposal }: Pick<WorkflowRelease, 'proposal'>,
  tools: Tools,
  round = 1
): readonly Pick<Reading, 'scope' | 'tool' | 'call' | 'round'>[] => {
  const sources: readonly ArgumentSource[] = [...proposal.text, ...Object.values(proposal.arguments)];
  const names = new Set(sources.flatMap((source) => (source.from === 'record' ? [source.tool] : [])));
  return [...names].flatMap((tool) => {
    const scope = tools[tool]?.scope;
    return scope === undefined ? [] : [{ scope, tool, call: 'before' as const, ...(round > 1 && { round }) }];
  });
};
