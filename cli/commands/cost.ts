import type { Command } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { type Bill, billOf } from '../cost/bill.ts';
import { measure } from '../cost/measure.ts';
import { LISTED_ON } from '../cost/prices.ts';
import type { SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { safeJson } from '../terminal/sanitise.ts';
import { table } from '../terminal/table.ts';
import type { Terminal } from '../terminal/terminal.ts';

const MOST_RUNS = 10_000;

const dollars = (amount: number): string => `$${amount.toFixed(4)}`;
const amount = (count: number): string => (Number.isInteger(count) ? String(count) : count.toFixed(2));

const show = (out: Terminal, runs: number, { items, perThousand, peers }: Bill): void => {
  const line = (text = '') => out.line(text);
  line(`One governed run, a ticket from the API to a verified write: the mean of ${runs} on this machine.`);
  line(`Dollars for 1,000 of them at AWS list prices (us-east-1, ${LISTED_ON}, no free tier).`);
  line();
  const rows = items.map(({ what, unit, perRun, perThousand: cost }) => [what, unit, amount(perRun), dollars(cost)]);
  const all = [...rows, ['', 'in all', '', dollars(perThousand)]];
  for (const text of table(
    [
      { header: 'SERVICE', cell: ([what = '']) => what, dispensable: 0 },
      { header: 'OF WHAT', cell: ([, unit = '']) => unit, dispensable: 0 },
      { header: 'A RUN', cell: ([, , perRun = '']) => perRun, align: 'right', dispensable: 0 },
      { header: '1,000 RUNS', cell: ([, , , cost = '']) => cost, align: 'right', dispensable: 0 },
    ],
    all,
    out
  ))
    line(text);
  line();
  line(
    'GB-seconds are by this machine’s clock: Lambda’s are others, and cold starts come on top. Not counted: models,'
  );
  line('logs, traces, keys, storage, and people who look at runs.');
  line();
  line('Published prices of others, for their part of the same run:');
  for (const { who, unit, covers, perRun, perThousand: cost } of peers)
    line(`  ${who}: ${amount(perRun)} ${unit} a run, ${dollars(cost)} for 1,000 (${covers})`);
};

export const addCost = (program: Command, shell: Shell): void => {
  program
    .command('cost')
    .description('count what governed runs use on this machine, and say what they cost at list prices')
    .option('--runs <count>', 'how many runs to count', '100')
    .action(async (_: unknown, command: Command) => {
      const { runs: text, json } = command.optsWithGlobals<SessionOptions & { readonly runs: string }>();
      const runs = wholeNumber('--runs', text, 1, MOST_RUNS);
      const measured = await measure(shell, runs);
      const bill = billOf(measured);
      if (json) shell.out.line(safeJson({ listedOn: LISTED_ON, runs, ...bill }));
      else show(shell.out, runs, bill);
    });
};
