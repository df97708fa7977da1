import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { evaluateRouter, renderRouter, WRONG_COST } from './router.ts';
import { DataError, readRows } from './rows.ts';
import { evaluateTickets, renderTickets } from './tickets.ts';

const print = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** Tickets from outside, where the environment says that there are some. */
const defaultTickets = (): string | undefined => {
  const folder = process.env.WRIT_DATA;
  const file = folder && join(folder, 'it_tickets', 'it_tickets_dev.jsonl');
  return file && existsSync(file) ? file : undefined;
};

const tickets = async ({ data, json }: { readonly data?: string; readonly json?: true }): Promise<void> => {
  const file = data ?? defaultTickets();
  if (file === undefined) {
    print('skipped: no tickets to judge by; give --data FILE, or a folder with it_tickets/ in WRIT_DATA');
    return;
  }
  const report = await evaluateTickets(readRows(file));
  print(json ? JSON.stringify(report) : renderTickets(report));
};

interface RouterArguments {
  readonly train: string;
  readonly test: string;
  readonly oos?: string;
  readonly wrongCost: number;
  readonly json?: true;
}

const router = async ({ train, test, oos, wrongCost, json }: RouterArguments): Promise<void> => {
  const report = await evaluateRouter(readRows(train), readRows(test), oos, wrongCost);
  print(json ? JSON.stringify(report) : renderRouter(report));
};

const program = new Command('eval').description('Is the classifier right, and does it know when it is not?');
program
  .command('tickets')
  .description('Judge queue proposals for tickets, each by a model that has not seen it.')
  .option('--data <file>', 'JSON lines with text and label; default: it_tickets in the folder WRIT_DATA')
  .option('--json', 'print the report as JSON')
  .action(tickets);
program
  .command('router')
  .description('Judge labels for many intents, and whether texts out of scope are left alone.')
  .requiredOption('--train <file>', 'JSON lines with text and label to learn from')
  .requiredOption('--test <file>', 'JSON lines with text and label to judge by')
  .option('--oos <label>', 'the label of texts that are out of scope')
  .option('--wrong-cost <number>', 'what a wrong answer costs, in escalations: at least 1', Number, WRONG_COST)
  .option('--json', 'print the report as JSON')
  .action(router);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof DataError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
