import type { TraceNode } from './tree.ts';

/** Less than this is no wait worth a word. */
const NOTEWORTHY_MS = 1;

const only = (nodes: readonly TraceNode[], kind: string): TraceNode | undefined =>
  nodes.length === 1 && nodes[0]?.kind === kind ? nodes[0] : undefined;

const union = (one: TraceNode, other: TraceNode): Pick<TraceNode, 'marks' | 'errors' | 'annotations'> => ({
  marks: [...new Set([...one.marks, ...other.marks])],
  errors: [...new Set([...one.errors, ...other.errors])],
  annotations: { ...one.annotations, ...other.annotations },
});

/**
 * A call of a function has four parts in a trace: the caller's, the service's, the function's, and the invocation inside. People
 * read one: how long the call took, and how much of it was waiting for a process.
 */
export const condense = (node: TraceNode): TraceNode => {
  const service = node.namespace === 'aws' ? only(node.children, 'AWS::Lambda') : undefined;
  if (service !== undefined && service.durationMs !== undefined)
    return condense({ ...service, ...union(node, service) });
  const called = node.kind === 'AWS::Lambda' ? only(node.children, 'AWS::Lambda::Function') : undefined;
  if (called === undefined) return { ...node, children: node.children.map(condense) };
  const waitedMs = called.startMs - node.startMs;
  const { marks, errors, annotations } = union(node, called);
  return {
    ...node,
    marks,
    errors,
    annotations: { ...annotations, ...(waitedMs >= NOTEWORTHY_MS && { waited: `${Math.round(waitedMs)}ms` }) },
    children: called.children
      .filter(({ name, children }) => name !== 'Invocation' || children.length > 0)
      .map(condense),
  };
};
