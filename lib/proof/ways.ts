import type { Edge } from './machine.ts';

/** The shortest way from one state to another along these edges, both included; `undefined` where there is none. */
export const wayBetween = (edges: readonly Edge[], from: string, to: string): readonly string[] | undefined => {
  const seen = new Set<string>();
  const open: (readonly string[])[] = edges.filter((edge) => edge.from === from).map((edge) => [from, edge.to ?? '']);
  for (const way of open) {
    const at = way.at(-1) ?? '';
    if (at === to) return way;
    if (seen.has(at)) continue;
    seen.add(at);
    for (const edge of edges) if (edge.from === at && edge.to !== undefined) open.push([...way, edge.to]);
  }
  return undefined;
};

/** The shortest way from the start to a state, which stands alone where nothing leads to it. */
export const wayTo = (
  { startAt, edges }: { readonly startAt: string; readonly edges: readonly Edge[] },
  name: string
): readonly string[] => (name === startAt ? [name] : (wayBetween(edges, startAt, name) ?? [name]));
