/*
 * When a rule with a schedule is due, as EventBridge reads it: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
 */

/** The first time after `atMs` that a schedule is due, in milliseconds since the epoch; undefined where there is none. */
export type Schedule = (afterMs: number) => number | undefined;

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const UNITS: Readonly<Record<string, number>> = { minute: MINUTE_MS, hour: 60 * MINUTE_MS, day: DAY_MS };
const MONTHS = 'JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC'.split(' ');
const WEEKDAYS = 'SUN MON TUE WED THU FRI SAT'.split(' ');
/** EventBridge knows no year after this. */
const LAST_YEAR = 2199;

interface Range {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  /** Names of the values, from the least on. */
  readonly names?: readonly string[];
}

const FIELDS: readonly Range[] = [
  { name: 'minutes', least: 0, most: 59 },
  { name: 'hours', least: 0, most: 23 },
  { name: 'day of month', least: 1, most: 31 },
  { name: 'month', least: 1, most: 12, names: MONTHS },
  { name: 'day of week', least: 1, most: 7, names: WEEKDAYS },
  { name: 'year', least: 1970, most: LAST_YEAR },
];

const unknown = (name: string, text: string): Error =>
  new Error(`the local stack does not know ${JSON.stringify(text)} as the ${name} of a cron expression`);

const valueIn = ({ name, least, most, names = [] }: Range, text: string): number => {
  const named = names.indexOf(text.toUpperCase());
  const value = named >= 0 ? named + least : /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw unknown(name, text); // L, W and # among them
};

/** Values of a field: `*`, `?`, `5`, `1-5`, `0/15`, `2,4`. */
const valuesOf = (range: Range, text: string): ReadonlySet<number> =>
  new Set(
    text.split(',').flatMap((part) => {
      const [, span = '', step] = /^([^/]+)(?:\/(\d+))?$/.exec(part) ?? [];
      if (step === '0') throw unknown(range.name, text);
      const [from = '', to] = span.split('-');
      const isAny = span === '*' || (span === '?' && range.name.startsWith('day'));
      const first = isAny ? range.least : valueIn(range, from);
      const last = to !== undefined ? valueIn(range, to) : isAny || step !== undefined ? range.most : first;
      const by = Number(step ?? 1);
      return Array.from({ length: Math.max(0, Math.floor((last - first) / by) + 1) }, (_, index) => first + index * by);
    })
  );

const cronOf = (text: string): Schedule => {
  const parts = text.trim().split(/\s+/);
  if (parts.length !== FIELDS.length)
    throw new Error(`a cron expression has six fields, found ${JSON.stringify(text)}`);
  if ((parts[2] === '?') === (parts[4] === '?'))
    throw new Error(`a cron expression has ? as its day of month or as its day of week, found ${JSON.stringify(text)}`);
  const [minutes, hours, dates, months, weekdays, years] = FIELDS.map((range, at) => valuesOf(range, parts[at] ?? ''));
  const isDay = (day: Date): boolean =>
    years?.has(day.getUTCFullYear()) === true &&
    months?.has(day.getUTCMonth() + 1) === true &&
    dates?.has(day.getUTCDate()) === true &&
    weekdays?.has(day.getUTCDay() + 1) === true;
  const times = [...(hours ?? [])]
    .flatMap((hour) => [...(minutes ?? [])].map((minute) => (hour * 60 + minute) * MINUTE_MS))
    .sort((a, b) => a - b);
  const last = Math.max(...(years ?? []));
  return (afterMs) => {
    for (let day = Math.floor(afterMs / DAY_MS) * DAY_MS; new Date(day).getUTCFullYear() <= last; day += DAY_MS) {
      const due = isDay(new Date(day)) ? times.find((time) => day + time > afterMs) : undefined;
      if (due !== undefined) return day + due;
    }
    return undefined;
  };
};

/** `rate(1 hour)`, counted from when the rule was made; `cron(17 * * * ? *)`, in UTC. Throws an `Error` for anything else. */
export const scheduleOf = (expression: string, madeAtMs: number): Schedule => {
  const cron = /^cron\((.*)\)$/.exec(expression);
  if (cron !== null) return cronOf(cron[1] ?? '');
  const [, count, unit = '', plural] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  const unitMs = UNITS[unit];
  if (count === undefined || unitMs === undefined || (count === '1') === (plural === 's'))
    throw new Error(`the local stack does not know the schedule ${JSON.stringify(expression)}`);
  const periodMs = Number(count) * unitMs;
  return (afterMs) => madeAtMs + (Math.max(0, Math.floor((afterMs - madeAtMs) / periodMs)) + 1) * periodMs;
};
