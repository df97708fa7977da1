import * as z from 'zod';

/*
 * What is kept of a segment or subsegment: names, ids, times, marks, annotations. Messages of errors, URLs and queries could
 * quote content and are left out; so is what is not known. Times are in seconds since the epoch, as in X-Ray.
 */

const Name = z.string().min(1).max(200);
const Id = z.string().regex(/^[0-9a-f]{16}$/);
const Seconds = z.number().min(0).max(10_000_000_000);
const Text = z.string().max(1_000);
/** Somebody else's JSON; shown as data, never laid out. */
const MAX_METADATA = 8_192;

const Metadata = z
  .record(z.string().max(200), z.unknown())
  .transform((value) => (JSON.stringify(value).length <= MAX_METADATA ? value : { omitted: 'too large' }));

const Part = z.object({
  id: Id,
  name: Name,
  start_time: Seconds,
  end_time: Seconds.optional(),
  in_progress: z.boolean().optional(),
  /** Of the caller's making, of the callee's, and that there was too much of it. */
  error: z.boolean().optional(),
  fault: z.boolean().optional(),
  throttle: z.boolean().optional(),
  namespace: z.string().max(50).optional(),
  annotations: z.record(z.string().max(200), z.union([Text, z.number(), z.boolean()])).optional(),
  metadata: Metadata.optional(),
  aws: z
    .object({
      operation: Name.optional(),
      request_id: Name.optional(),
      function_arn: Text.optional(),
      execution_arn: Text.optional(),
    })
    .optional(),
  http: z.object({ response: z.object({ status: z.int().optional() }).optional() }).optional(),
  /** An id names exceptions that another subsegment tells of. */
  cause: z
    .union([
      z.string().transform(() => undefined),
      z.object({
        exceptions: z
          .array(z.object({ type: Name.optional() }))
          .max(20)
          .optional(),
      }),
    ])
    .optional(),
  get subsegments(): z.ZodOptional<z.ZodArray<typeof Part>> {
    return z.array(Part).optional();
  },
});
/** A subsegment inside another document. */
export type Part = z.infer<typeof Part>;

export const Document = Part.extend({
  trace_id: z.string().regex(/^1-[0-9a-f]{8}-[0-9a-f]{24}$/),
  parent_id: Id.optional(),
  type: z.literal('subsegment').optional(),
  origin: z.string().max(100).optional(),
});
/** A segment, or a subsegment that was sent by itself. A later one with the same id takes the place of an earlier one. */
export type Document = z.infer<typeof Document>;

/** A document from its JSON text; undefined for what is none, or is out of bounds. */
export const documentIn = (text: string): Document | undefined => {
  try {
    return Document.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
};

/** Nobody else may tell what an error said: its name alone goes into a trace. */
export const failedWith = (type: string): Pick<Part, 'cause'> => ({
  cause: { exceptions: [{ type: type.slice(0, 200) }] },
});
