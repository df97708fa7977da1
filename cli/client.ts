import {
  ApprovalPage,
  AuditTrail,
  Control,
  ControlList,
  ControlTrail,
  Decided,
  ReleaseView,
  Replied,
  RunPage,
  RunView,
  Story,
  Submitted,
  Undoing,
} from './api-shapes.ts';
import { type Endpoint, send } from './http.ts';

export type Level = 'global' | 'tenant' | 'workflow' | 'scope';

export interface ControlChange {
  readonly stopped: boolean;
  readonly reason: string;
  readonly mode?: string;
  readonly stops?: string;
  readonly until?: string;
  /** The hash of the head that was seen: with it sending again is harmless, also where it ends or weakens a stop. */
  readonly expects?: string;
}

export interface Decision {
  readonly decision: 'approve' | 'refuse';
  /** Of what was shown. */
  readonly digest: string;
  readonly comment?: string;
}

export interface ReleaseChange {
  readonly action: string;
  readonly reason: string;
  readonly share?: number;
  readonly tenants?: readonly string[];
  readonly automatic?: { readonly rollback: boolean; readonly promote: boolean };
  /** The hash of the head that was seen: with it sending again is harmless. */
  readonly expects?: string;
}

export interface Task {
  readonly workflow: string;
  readonly input: Readonly<Record<string, string>>;
}

/** The HTTP API of Writ. Everything it throws is a `Failure`. */
export interface Api {
  /** With a key, submitting again is harmless: it gives the same run. */
  submit(task: Task, key?: string): Promise<Submitted>;
  /** Newest first. */
  runs(page: { readonly limit: number; readonly cursor?: string }): Promise<RunPage>;
  run(id: string): Promise<RunView>;
  audit(id: string): Promise<AuditTrail>;
  why(id: string): Promise<Story>;
  reply(id: string, fields: Readonly<Record<string, string>>): Promise<Replied>;
  /** What expires first coming first. */
  approvals(page: { readonly limit: number; readonly cursor?: string }): Promise<ApprovalPage>;
  /** Deciding the same again is harmless. */
  decide(id: string, decision: Decision): Promise<Decided>;
  /** Asking again is harmless: it gives the same undo, or another where that may come to more; nothing is reversed twice. */
  undo(id: string, reason: string): Promise<Undoing>;
  controls(): Promise<ControlList>;
  controlAudit(level: Level, name: string | undefined): Promise<ControlTrail>;
  control(level: Level, name: string | undefined, change: ControlChange): Promise<Control>;
  releases(workflow: string): Promise<ReleaseView>;
  setReleases(workflow: string, change: ReleaseChange): Promise<ReleaseView>;
}

export const apiAt = (endpoint: Endpoint): Api => {
  const get = { method: 'GET', repeatable: true } as const;
  const queryOf = ({ limit, cursor }: { readonly limit: number; readonly cursor?: string }) =>
    new URLSearchParams({ limit: String(limit), ...(cursor !== undefined && { cursor }) });
  const runPath = (id: string) => `v1/runs/${encodeURIComponent(id)}`;
  const controlPath = (level: Level, name: string | undefined) =>
    level === 'global' ? 'v1/controls/global' : `v1/controls/${level}/${encodeURIComponent(name ?? '')}`;
  return {
    submit: (task, key) =>
      send(endpoint, {
        method: 'POST',
        path: 'v1/tasks',
        body: task,
        headers: key === undefined ? {} : { 'idempotency-key': key },
        answer: Submitted,
        repeatable: key !== undefined || { lookWith: 'writ runs' },
      }),
    runs: (page) => send(endpoint, { ...get, path: `v1/runs?${queryOf(page)}`, answer: RunPage }),
    approvals: (page) => send(endpoint, { ...get, path: `v1/approvals?${queryOf(page)}`, answer: ApprovalPage }),
    decide: (id, decision) =>
      send(endpoint, {
        method: 'POST',
        path: `v1/approvals/${encodeURIComponent(id)}`,
        body: decision,
        answer: Decided,
        repeatable: true,
      }),
    run: (id) => send(endpoint, { ...get, path: runPath(id), answer: RunView }),
    controls: () => send(endpoint, { ...get, path: 'v1/controls', answer: ControlList }),
    audit: (id) => send(endpoint, { ...get, path: `${runPath(id)}/audit`, answer: AuditTrail }),
    why: (id) => send(endpoint, { ...get, path: `${runPath(id)}/why`, answer: Story }),
    reply: (id, fields) =>
      send(endpoint, {
        method: 'POST',
        path: `${runPath(id)}/reply`,
        body: { fields },
        answer: Replied,
        repeatable: { lookWith: `writ run ${id}` },
      }),
    undo: (id, reason) =>
      send(endpoint, {
        method: 'POST',
        path: `${runPath(id)}/undo`,
        body: { reason },
        answer: Undoing,
        repeatable: true,
      }),
    releases: (workflow) =>
      send(endpoint, { ...get, path: `v1/releases/${encodeURIComponent(workflow)}`, answer: ReleaseView }),
    setReleases: (workflow, change) =>
      send(endpoint, {
        method: 'PUT',
        path: `v1/releases/${encodeURIComponent(workflow)}`,
        body: change,
        answer: ReleaseView,
        repeatable: change.expects !== undefined || { lookWith: `writ releases ${workflow}` },
      }),
    controlAudit: (level, name) =>
      send(endpoint, { ...get, path: `${controlPath(level, name)}/audit`, answer: ControlTrail }),
    control: (level, name, change) =>
      send(endpoint, {
        method: 'PUT',
        path: controlPath(level, name),
        body: change,
        answer: Control,
        repeatable: change.stopped || change.expects !== undefined || { lookWith: 'writ controls' },
      }),
  };
};
