import { randomBytes } from 'node:crypto';

/** Where a piece of work stands in a trace. */
export interface TraceContext {
  /** `1-<8 hex digits of the second>-<24 hex digits>` */
  readonly root: string;
  /** The segment below which it stands; absent where the trace begins. */
  readonly parent?: string;
  readonly sampled: boolean;
}

export const newSegmentId = (): string => randomBytes(8).toString('hex');

const newRoot = (nowMs: number): string => {
  const seconds = Math.floor(nowMs / 1_000).toString(16);
  return `1-${seconds.padStart(8, '0')}-${randomBytes(12).toString('hex')}`;
};

/** The fields of the header by name; others than these, such as `Self` and `Lineage`, carry nothing on. */
const fieldsOf = (header: string): ReadonlyMap<string, string> =>
  new Map(
    header.split(';').map((field): [string, string] => {
      const [name = '', value = ''] = field.split('=');
      return [name.trim(), value.trim()];
    })
  );

/**
 * The trace that a header carries on, a new one where it carries none that is well formed. Everything is sampled, unless the
 * caller has decided otherwise by `Sampled=0`: AWS samples a share of what nobody has decided on.
 */
export const traceFrom = (header: string | undefined, nowMs: number): TraceContext => {
  const fields = fieldsOf((header ?? '').slice(0, 1_000));
  const sampled = fields.get('Sampled') !== '0';
  const root = fields.get('Root') ?? '';
  if (!/^1-[0-9a-f]{8}-[0-9a-f]{24}$/.test(root)) return { root: newRoot(nowMs), sampled };
  const parent = fields.get('Parent') ?? '';
  return { root, ...(/^[0-9a-f]{16}$/.test(parent) ? { parent } : {}), sampled };
};

export const headerOf = ({ root, parent, sampled }: TraceContext): string =>
  `Root=${root}${parent === undefined ? '' : `;Parent=${parent}`};Sampled=${sampled ? 1 : 0}`;
