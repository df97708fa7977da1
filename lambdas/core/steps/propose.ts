import * as z from 'zod';
import { digestOf } from '../digest.ts';
import type { Engine } from '../engine/engine.ts';
import { Terminal } from '../errors.ts';
import type { Dossier } from '../ledger.ts';
import { Digest, RunId, Tenant } from '../names.ts';
import { fieldsOf, type Plan } from '../records.ts';
import type { Tool } from '../tool.ts';
import type { ArgumentSource, Place } from '../workflow.ts';
import { defineStep, type StepDeps } from './step.ts';

export interface ProposeDeps extends StepDeps {
  readonly proposer: Engine;
  readonly tools: Readonly<Record<string, Tool>>;
}

/** The value at a place, and who can have written it. */
export const valueAt = (
  { input, readings }: Pick<Dossier, 'input' | 'readings'>,
  tools: Readonly<Record<string, Tool>>,
  place: Place
): { readonly value: string; readonly provenance: 'user' | 'record' | 'untrusted' } | undefined => {
  if (place.from === 'user') {
    const value = input && fieldsOf(input)[place.field];
    return value === undefined ? undefined : { value, provenance: 'user' };
  }
  const tool = tools[place.tool];
  const value = readings.find(({ tool: read, call }) => read === place.tool && call === 'before')?.output[place.field];
  if (tool?.effect !== 'read' || typeof value !== 'string') return undefined;
  return { value, provenance: tool.trust[place.field] === 'record' ? 'record' : 'untrusted' };
};

/** The read scopes that a workflow's places name. */
export const scopesOf = (
  places: readonly ArgumentSource[],
  tools: Readonly<Record<string, Tool>>
): readonly string[] => [
  ...new Set(
    places.flatMap((place) => {
      const scope = place.from === 'record' ? tools[place.tool]?.scope : undefined;
      return scope === undefined ? [] : [scope];
    })
  ),
];

/**
 * Has the workflow's engine propose one action, and keeps the proposal. Proposing authorises nothing: whatever is
 * written here, Decide checks. A repeated Propose returns the first proposal.
 */
export const propose = defineStep({
  name: 'propose',
  input: z.strictObject({ tenant: Tenant, run: RunId, action: z.int().positive() }),
  output: z.strictObject({
    kind: z.literal('proposed'),
    digest: Digest,
    confidence: z.number().min(0).max(1),
    abstained: z.boolean(),
  }),
  run: async ({ ledger, release, proposer, tools }: ProposeDeps, { action, ...ref }) => {
    const { proposal } = release;
    const scopes = scopesOf([...proposal.text, ...Object.values(proposal.arguments)], tools);
    const dossier = await ledger.look(ref, {
      input: true,
      plan: action,
      readings: scopes.map((scope) => ({ scope, call: 'before' })),
    });
    if (dossier === undefined) throw new Terminal(`there is no run ${ref.run} of tenant ${ref.tenant}`);

    const plan = dossier.plan ?? (await ledger.plan(ref, await makePlan()));
    return {
      kind: 'proposed' as const,
      digest: digestOf(plan),
      confidence: plan.confidence,
      abstained: plan.abstained,
    };

    async function makePlan(): Promise<Plan> {
      const { run: _, ...known } = dossier as Dossier;
      const pieces = proposal.text.map((place) => valueAt(known, tools, place)?.value.trim() ?? '');
      const text = [...new Set(pieces.filter((piece) => piece !== ''))].join('\n');
      const answer = await proposer.answer({ text, labels: proposal.labels });
      const values = Object.entries(proposal.arguments).flatMap(([name, source]) => {
        const found =
          source.from === 'composed'
            ? answer.label !== undefined && { value: answer.label, provenance: 'composed' as const }
            : valueAt(known, tools, source);
        return found ? [[name, found] as const] : [];
      });
      return {
        action,
        tool: proposal.tool,
        arguments: Object.fromEntries(values.map(([name, { value }]) => [name, value])),
        provenance: Object.fromEntries(values.map(([name, { provenance }]) => [name, provenance])),
        confidence: answer.confidence,
        abstained: answer.abstained,
        engine: answer.engine,
        ...(answer.rule !== undefined && { rule: answer.rule }),
        ...(answer.usage && { usage: answer.usage }),
      };
    }
  },
});
