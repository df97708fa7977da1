/** `npm run -s asl -- cases.json …`: see docs/testing-workflows.md. */
import { Command } from 'commander';
import { type Options, runFiles } from './command.ts';

const printer = {
  out: (line: string): void => {
    process.stdout.write(`${line}\n`);
  },
  err: (line: string): void => {
    process.stderr.write(`${line}\n`);
  },
};

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(); // whoever reads has seen enough
});

await new Command('asl')
  .description('Runs state machines against scripted functions, in virtual time. See docs/testing-workflows.md.')
  .argument('[files...]', 'cases: a JSON array, an object with cases and what they share, or JSON Lines')
  .option(
    '--machine <name>',
    'the state machine of a synthesised app, for cases that bring none; without files: print it'
  )
  .option('--assembly <folder>', 'where the app was synthesised', '.writ/cdk.out')
  .action(async (files: readonly string[], options: Options) => {
    process.exitCode = await runFiles(files, options, printer);
  })
  .parseAsync();
