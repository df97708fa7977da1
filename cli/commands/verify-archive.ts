import {
  type Anchored,
  type Anchors,
  anchored,
  anchorsIn,
  faultsOfRoots,
  proofOf,
} from '../../lambdas/core/audit/anchors.ts';
import type { AuditLink } from '../api-shapes.ts';
import { type ArchiveFolder, openArchive } from '../archive/folder.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';

/** Chains read now, held against what was anchored. */
export interface Anchoring {
  /** What is wrong with the roots themselves. */
  readonly faults: readonly string[];
  readonly days: number;
  run(run: string, records: readonly AuditLink[], isClosed: boolean): Anchored;
  /** A control rests after each change. */
  control(subject: string, records: readonly AuditLink[]): Anchored;
  /** What shows that a chain's end is in the root of its day, to somebody who sees nothing else of the archive. */
  proof(place: Anchored['place']): object | undefined;
  /** Runs of the tenants seen that were anchored and are not among these: they are gone, or kept back. */
  gone(runs: ReadonlySet<string>): readonly string[];
}

const tenantOf = (records: readonly AuditLink[]): string | undefined => {
  const tenant: unknown = records[0]?.user?.tenant;
  return typeof tenant === 'string' ? tenant : undefined;
};

const goneFrom = ({ places }: Anchors, tenants: ReadonlySet<string>, runs: ReadonlySet<string>): readonly string[] =>
  [...places].flatMap(([chain, [first]]) => {
    const [kind, tenant = '', run = ''] = chain.split('#');
    if (kind !== 'RUN' || !tenants.has(tenant) || runs.has(run)) return [];
    return [`run ${run} was anchored on ${first?.day}, and the API does not list it`];
  });

export const openAnchoring = async (folder: string): Promise<Anchoring> => {
  const { days } = await openArchive(folder);
  const anchors = anchorsIn(days);
  const tenants = new Set<string>();
  return {
    faults: faultsOfRoots(days),
    days: days.length,
    control: (subject, records) => anchored({ chain: `CONTROL#${subject}`, records, isClosed: true }, anchors),
    run(run, records, isClosed) {
      const tenant = tenantOf(records);
      if (tenant === undefined) return { faults: ['its records name no tenant, so it cannot be found in the archive'] };
      tenants.add(tenant);
      return anchored({ chain: `RUN#${tenant}#${run}`, records, isClosed }, anchors);
    },
    proof(place) {
      const day = days.find((each) => each.day === place?.day);
      const inclusion = day && place && proofOf(day, place.index);
      return inclusion && { day: day.day, root: day.root, leaf: day.leaves?.[inclusion.index], ...inclusion };
    },
    gone: (runs) => goneFrom(anchors, tenants, runs),
  };
};

const faultsOfChains = async ({ days, faultOf }: ArchiveFolder): Promise<readonly string[]> => {
  const faults: string[] = [];
  for (const { day, leaves = [] } of days)
    for (const leaf of leaves) {
      const fault = await faultOf(day, leaf);
      if (fault !== undefined) faults.push(`${leaf.chain}: ${fault}`);
    }
  return faults;
};

/** Verifies a copy of the archive by itself: roots, the leaves under them, and the chain that each leaf names. */
export const verifyArchive = async ({ out }: Shell, folder: string, json: boolean): Promise<number> => {
  const archive = await openArchive(folder);
  const faults = [...faultsOfRoots(archive.days), ...(await faultsOfChains(archive))];
  const chains = archive.days.reduce((sum, { leaves = [] }) => sum + leaves.length, 0);
  const last = archive.days.at(-1)?.root;
  if (json) out.line(safeJson({ days: archive.days.length, chains, last, faults }));
  else {
    for (const fault of faults) out.line(`${out.paint('bad', 'Broken:')} ${clean(fault)}.`);
    const verdict = faults.length === 0 ? out.paint('good', 'Intact:') : out.paint('bad', 'Not intact:');
    const upTo = last === undefined ? '' : `, up to ${last.day}, root ${last.root.slice(0, 16)}`;
    out.line(`${verdict} ${archive.days.length} days, ${chains} chains, each hash recomputed here${upTo}.`);
  }
  return faults.length === 0 ? 0 : 1;
};
