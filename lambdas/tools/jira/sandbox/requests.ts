import * as z from 'zod';

// The requests that the sandbox takes: whatever passes here passes the vendor's contract too; not the other way round.

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

const Participant = z.record(z.string(), z.string());
const HistoryMetadata = z.strictObject({
  type: z.string().optional(),
  description: z.string().optional(),
  activityDescription: z.string().optional(),
  actor: Participant.optional(),
  cause: Participant.optional(),
  generator: Participant.optional(),
  extraData: z.record(z.string(), z.string()).optional(),
});

/** The body of createIssue, editIssue and doTransition. Unknown top-level members pass: the vendor lets them. */
export const IssueUpdate = z.looseObject({
  fields: z.record(z.string(), z.unknown()).optional(),
  update: z.record(z.string(), z.array(FieldOperation)).optional(),
  historyMetadata: HistoryMetadata.optional(),
  properties: z.array(z.strictObject({ key: z.string(), value: z.unknown() })).optional(),
  transition: z.strictObject({ id: z.string() }).optional(),
});
export type IssueUpdate = z.infer<typeof IssueUpdate>;

/** The body of assignIssue. Null, of which only the contract's prose speaks, unassigns. */
export const User = z.strictObject({
  accountId: z.string().max(128).nullable().optional(),
  name: z.string().nullable().optional(),
  key: z.string().optional(),
});

const Visibility = z.strictObject({
  type: z.enum(['group', 'role']),
  value: z.string(),
  identifier: z.string().nullable().optional(),
});

export const NewComment = z.strictObject({ body: z.unknown(), visibility: Visibility.optional() });

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
