import { type Simulated, simulate, type Traffic } from './simulate.ts';

const RATES = [10, 30, 100, 300, 1_000, 3_000, 10_000];
const SHARDS = [1, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];
/** Fewer shards break down, more of them hardly differ: actions a second and shard that are worth a line. */
const [FEWEST, MOST] = [2, 40];
/** Simulated for so many actions, but no longer. */
const ACTIONS = 20_000;
const SECONDS = { least: 2, most: 20 };

/** As many tenants share the whole as it takes for each to be small. */
const MANY = 100;
const TENANT_SHARDS = 16;

const trafficOf = (perSecond: number, shards: number, tenants: number): Traffic => ({
  perSecond,
  tenants,
  shards,
  tenantShards: tenants === 1 ? shards : Math.min(shards, TENANT_SHARDS),
  seconds: Math.min(SECONDS.most, Math.max(SECONDS.least, ACTIONS / perSecond)),
});

/** Governed actions a second against shards: of one tenant, and of many in total. */
export const measureContention = (): readonly Simulated[] =>
  [1, MANY].flatMap((tenants) =>
    RATES.flatMap((perSecond) =>
      SHARDS.filter((shards) => perSecond / shards >= FEWEST && perSecond / shards <= MOST).map((shards) =>
        simulate(trafficOf(perSecond, shards, tenants))
      )
    )
  );

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
const time = (ms: number): string => (Number.isFinite(ms) ? ms.toFixed(0) : 'never');

const line = ({ perSecond, shards, achieved, done, conflicts, throttled, p50Ms, p95Ms, retried }: Simulated): string =>
  [
    [String(perSecond), 10],
    [String(shards), 8],
    [(perSecond / shards).toFixed(1), 10],
    [achieved.toFixed(0), 8],
    [percent(done), 9],
    [percent(conflicts), 10],
    [percent(throttled), 10],
    [time(p50Ms), 8],
    [time(p95Ms), 8],
    [percent(retried), 9],
  ]
    .map(([text, width]) => String(text).padStart(Number(width)))
    .join(' ');

const HEADER = '  actions/s   shards  per shard   done/s      done  conflicts  throttled   p50 ms   p95 ms  repeated';

/** Both tables, line by line. `p50` and `p95` are of a decision with its repetitions; `repeated` by the state machine. */
export const contentionLines = (simulated: readonly Simulated[]): readonly string[] => [
  "Contention, simulated by DynamoDB's rules (bench/contention/table.ts): governed actions against shards",
  ...[1, MANY].flatMap((tenants) => [
    '',
    tenants === 1 ? 'One tenant' : `${tenants} tenants in total, ${TENANT_SHARDS} shards for the counters of each`,
    HEADER,
    ...simulated.filter((each) => each.tenants === tenants).map(line),
  ]),
];
