import type { Document, Part } from '../../local/trace/document.ts';

/** A part of a trace, and what went on below it. Times are in milliseconds from the beginning of the trace. */
export interface TraceNode {
  readonly name: string;
  /** Of which service a segment is, or the operation of a call. */
  readonly kind: string;
  /** `aws` for a call of a service, `remote` for one of another system. */
  readonly namespace?: string;
  readonly startMs: number;
  /** Absent while it goes on, as far as anybody has told. */
  readonly durationMs?: number;
  readonly marks: readonly ('error' | 'fault' | 'throttle')[];
  /** The names of what was thrown. */
  readonly errors: readonly string[];
  readonly annotations: Readonly<Record<string, string | number | boolean>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
  readonly children: readonly TraceNode[];
}

export interface TraceTree {
  readonly trace: string;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly durationMs: number;
  /** Whether something goes on, or was never told to have ended. */
  readonly inProgress: boolean;
  /** What stands below nothing that is there: its place in the trace is yet to come, or was lost. */
  readonly roots: readonly TraceNode[];
}

/** Where nobody says what it is, the operation of a call says more than the service's name alone. */
const kindOf = (document: Part & Partial<Document>): string => {
  const { origin, aws, namespace } = document;
  if (origin !== undefined) return origin;
  return namespace === 'aws' ? (aws?.operation ?? 'aws') : (namespace ?? '');
};

const MARKS = ['error', 'fault', 'throttle'] as const;
/** No trace of a workflow is as deep: whoever sends deeper ones is not to be followed. */
const MAX_DEPTH = 40;

const flatten = (part: Part, parent: string | undefined): readonly (readonly [string | undefined, Part])[] => [
  [parent, part],
  ...(part.subsegments ?? []).flatMap((inner) => flatten(inner, part.id)),
];

/** To a tenth: seconds since the epoch hold no more. */
const milliseconds = (seconds: number): number => Math.round(seconds * 10_000) / 10;

/** Puts the parts of one trace below each other, in the order in which they began. */
export const treeOf = (trace: string, documents: readonly Document[]): TraceTree => {
  const parts = documents.flatMap((document) => flatten(document, document.parent_id));
  const ids = new Set(parts.map(([, { id }]) => id));
  const below = Map.groupBy(parts, ([parent]) => (parent !== undefined && ids.has(parent) ? parent : ''));
  const times = parts.flatMap(([, { start_time, end_time }]) => [start_time, end_time ?? start_time]);
  const [start, end] = [Math.min(...times), Math.max(...times)];
  const isOpen = ({ end_time, in_progress }: Part): boolean => end_time === undefined || in_progress === true;

  const shown = new Set<string>();
  const nodesBelow = (id: string, depth: number): readonly TraceNode[] =>
    (below.get(id) ?? [])
      .map(([, part]) => part)
      .toSorted((one, other) => one.start_time - other.start_time)
      .flatMap((part) => {
        if (shown.has(part.id) || depth > MAX_DEPTH) return [];
        shown.add(part.id);
        return [
          {
            name: part.name,
            kind: kindOf(part),
            ...(part.namespace === undefined ? {} : { namespace: part.namespace }),
            startMs: milliseconds(part.start_time - start),
            ...(isOpen(part) || part.end_time === undefined
              ? {}
              : { durationMs: milliseconds(part.end_time - part.start_time) }),
            marks: MARKS.filter((mark) => part[mark] === true),
            errors: (part.cause?.exceptions ?? []).flatMap(({ type }) => type ?? []),
            annotations: part.annotations ?? {},
            ...(part.metadata === undefined ? {} : { metadata: part.metadata }),
            children: nodesBelow(part.id, depth + 1),
          },
        ];
      });
  return {
    trace,
    startedAt: new Date(start * 1_000).toISOString(),
    durationMs: milliseconds(end - start),
    inProgress: parts.some(([, part]) => isOpen(part)),
    roots: nodesBelow('', 0),
  };
};
