import * as z from 'zod';

// The requests that the sandbox takes, as the vendor's contract has them, and as strict as it.

/** The top of an Atlassian document. The vendor's contract leaves documents untyped, but the API wants one. */
export const Document = z.looseObject({
  type: z.literal('doc'),
  version: z.literal(1),
  content: z.array(z.looseObject({ type: z.string() })),
});

const FieldOperation = z.strictObject({
  add: z.unknown().optional(),
  copy: z.unknown().optional(),
  edit: z.unknown().optional(),
  remove: z.unknown().optional(),
  set: z.unknown().optional(),
});
export type FieldOperation = z.infer<typeof FieldOperation>;

/** The body of createIssue, editIssue and doTransition. Unknown top-level members pass: the vendor lets them. */
export const IssueUpdate = z.looseObject({
  fields: z.record(z.string(), z.unknown()).optional(),
  update: z.record(z.string(), z.array(FieldOperation)).optional(),
  historyMetadata: z
    .looseObject({
      type: z.string().optional(),
      description: z.string().optional(),
      activityDescription: z.string().optional(),
      extraData: z.record(z.string(), z.string()).optional(),
    })
    .optional(),
  properties: z.array(z.strictObject({ key: z.string(), value: z.unknown() })).optional(),
  transition: z.looseObject({ id: z.string().optional() }).optional(),
});
export type IssueUpdate = z.infer<typeof IssueUpdate>;

/** The body of assignIssue. Null, of which only the contract's prose speaks, unassigns. */
export const User = z.strictObject({
  accountId: z.string().max(128).nullable().optional(),
  name: z.string().nullable().optional(),
  key: z.string().optional(),
});

export const NewComment = z.looseObject({
  body: z.unknown(),
  visibility: z.looseObject({ type: z.enum(['group', 'role']), value: z.string() }).optional(),
});

const Count = z.int().min(0).max(2_147_483_647);
const CountText = z.string().regex(/^\d+$/).transform(Number).pipe(Count);

export const CommentPage = z.object({
  startAt: CountText.default(0),
  maxResults: CountText.default(100),
  orderBy: z.enum(['created', '+created', '-created']).default('created'),
});

export const Search = z.strictObject({
  jql: z.string().default(''),
  nextPageToken: CountText.default(0),
  maxResults: Count.default(50),
  fields: z.array(z.string()).default(['id']),
});
export type Search = z.infer<typeof Search>;

/** The same search in a query. Lists come as repeated parameters, as comma-separated names, or both. */
export const SearchQuery = z.object({
  jql: Search.shape.jql,
  nextPageToken: Search.shape.nextPageToken,
  maxResults: CountText.default(50),
  fields: Search.shape.fields,
});
