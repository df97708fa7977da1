export const STATUSES = {
  'To Do': { id: '10000', key: 'new', categoryId: 2, transition: '11' },
  'In Progress': { id: '10001', key: 'indeterminate', categoryId: 4, transition: '21' },
  Done: { id: '10002', key: 'done', categoryId: 3, transition: '31' },
} as const;
export type StatusName = keyof typeof STATUSES;
export const STATUS_NAMES = Object.keys(STATUSES) as readonly StatusName[];

export interface Comment {
  readonly id: string;
  readonly author: string;
  readonly body: unknown;
  readonly created: number;
  readonly visibility?: unknown;
}

/** The fields that a request can change. */
export interface Fields {
  readonly summary: string;
  /** An Atlassian document, or whatever a test wants served; null for none. */
  readonly description: unknown;
  /** Names. */
  readonly components: readonly string[];
  readonly labels: readonly string[];
  /** An account id. */
  readonly assignee: string | null;
}

/** Times are milliseconds since 1970. */
export interface Issue extends Fields {
  readonly id: string;
  readonly key: string;
  readonly project: string;
  readonly status: StatusName;
  readonly created: number;
  readonly updated: number;
  readonly comments: readonly Comment[];
}

/** Who asks, and the `extraData` of the history metadata that came along. */
export interface Author {
  readonly by: string;
  readonly extraData?: Readonly<Record<string, string>>;
}

/** One effect: what a request changed, when. A request that changes nothing has none. */
export interface Write extends Author {
  readonly at: number;
  readonly issueKey: string;
  readonly changes: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
}

/** Everything the sandbox remembers. Issues are replaced, never changed in place: one that was handed out stays as it was. */
export interface Store {
  readonly components: readonly string[];
  readonly accountIds: readonly string[];
  readonly issues: ReadonlyMap<string, Issue>;
  readonly writes: readonly Write[];
  /** The key that the project's next issue gets; undefined where there is no such project. */
  readonly nextKey: (project: string) => string | undefined;
  /** By key, or by id. */
  readonly find: (keyOrId: string) => Issue | undefined;
  /** Puts an issue there without an entry in `writes`, and with it its project. */
  readonly add: (key: string, fields: Partial<Fields>, status?: StatusName) => Issue;
  readonly create: (key: string, fields: Partial<Fields>, author: Author) => Issue;
  readonly change: (issue: Issue, to: Partial<Fields & Pick<Issue, 'status'>>, author: Author) => void;
  readonly comment: (issue: Issue, comment: Pick<Comment, 'body' | 'visibility'>, author: Author) => Comment;
}

export const openStore = (components: readonly string[], accountIds: readonly string[]): Store => {
  const issues = new Map<string, Issue>();
  const keysById = new Map<string, string>();
  const lastNumbers = new Map<string, number>();
  const writes: Write[] = [];
  let lastId = 10_000;

  /** Writes down what differs, and says whether anything does. */
  const record = (issueKey: string, before: object, after: object, author: Author): boolean => {
    const old = new Map(Object.entries(before));
    const changes = Object.entries(after)
      .map(([field, to]) => ({ field, from: old.get(field), to }))
      .filter(({ from, to }) => JSON.stringify(from) !== JSON.stringify(to));
    if (changes.length > 0) writes.push({ at: Date.now(), issueKey, changes, ...author });
    return changes.length > 0;
  };

  const add: Store['add'] = (key, fields, status = 'To Do') => {
    const [project = '', number = ''] = key.split('-');
    const now = Date.now();
    const defaults = { summary: '', description: null, components: [], labels: [], assignee: null, comments: [] };
    const id = String(++lastId);
    const issue = { ...defaults, ...fields, id, key, project, status, created: now, updated: now };
    issues.set(key, issue);
    keysById.set(id, key);
    lastNumbers.set(project, Math.max(lastNumbers.get(project) ?? 0, Number(number)));
    return issue;
  };

  return {
    components,
    accountIds,
    issues,
    writes,
    add,
    nextKey: (project) => {
      const last = lastNumbers.get(project);
      return last === undefined ? undefined : `${project}-${last + 1}`;
    },
    find: (keyOrId) => issues.get(keyOrId) ?? issues.get(keysById.get(keyOrId) ?? ''),
    create: (key, fields, author) => {
      record(key, {}, fields, author);
      return add(key, fields);
    },
    change: (issue, to, author) => {
      if (record(issue.key, issue, to, author)) issues.set(issue.key, { ...issue, ...to, updated: Date.now() });
    },
    comment: (issue, { body, visibility }, author) => {
      const created = Date.now();
      const shown = visibility === undefined ? {} : { visibility };
      const comment = { id: String(++lastId), author: author.by, body, created, ...shown };
      record(issue.key, {}, { comment: body }, author);
      issues.set(issue.key, { ...issue, comments: [...issue.comments, comment], updated: created });
      return comment;
    },
  };
};
