import { type Command, Option } from 'commander';
import { wholeNumber } from '../arguments.ts';
import { type LambdaAt, type WriteFunction, type WriteFunctions, writeFunctionsAt } from '../aws/write-functions.ts';
import { readConnection } from '../connection.ts';
import { Failure, messageOf, usage } from '../failure.ts';
import type { SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';

interface Options extends SessionOptions {
  readonly all?: true;
  readonly aws?: true;
  readonly functions?: string;
  readonly release?: true;
  readonly reserved?: string;
  readonly yes?: true;
}

/** What became of one function. */
interface Done {
  readonly scope: string;
  readonly function: string;
  /** Reserved concurrency; `null` where none is reserved. */
  readonly before: number | null;
  readonly after: number | null;
  readonly error?: string;
}

const MOST_RESERVED = 1_000_000;

/** Calls of AWS that fail are told as they are: what to do about them is between the operator and the account. */
const asking = async <T>(what: string, work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    const name = error instanceof Error && error.name !== 'Error' ? `${error.name}: ` : '';
    throw new Failure(clean(`${what} failed: ${name}${messageOf(error)}`), { cause: error });
  }
};

const chosen = (
  all: readonly WriteFunction[],
  scope: string | undefined,
  { functions = '', where }: Pick<Options, 'functions'> & { readonly where: string }
) => {
  const within = all.filter(({ name }) => name.startsWith(functions));
  const those = within.filter((each) => scope === undefined || each.scope === scope);
  if (those.length === 0) {
    const there = within.map((each) => `${each.scope} (${each.name})`).join(', ') || 'none';
    throw usage(
      clean(`There is no function of ${scope ?? 'a write scope'} here, ${where}. Write functions here: ${there}.`)
    );
  }
  if (new Set(those.map(({ table }) => table)).size > 1) {
    const names = those.map(({ name }) => name).join(', ');
    throw usage(clean(`More than one deployment is here: ${names}. Name one by how its functions begin: --functions.`));
  }
  return those;
};

const said = (count: number | null): string => (count === null ? 'none' : String(count));

const confirm = async (shell: Shell, those: readonly WriteFunction[], word: string, { release, yes }: Options) => {
  if (yes) return;
  const { err } = shell;
  err.line(release ? 'These write functions will run again:' : 'These write functions will run no more:');
  for (const { scope, arn } of those) err.line(`  ${clean(scope)}  ${clean(arn)}`);
  const answer = await shell.ask(`Type ${clean(word)} to go on: `);
  if (answer === undefined) throw usage('Nobody is here to ask: say --yes to go on without.');
  if (answer.trim() !== word) throw new Failure('Nothing was changed.');
};

/** One after the other, also where one fails: whatever can be stopped is stopped. */
const carryOut = async (
  { reserve }: WriteFunctions,
  those: readonly WriteFunction[],
  { release, wanted }: { readonly release: boolean; readonly wanted: number | undefined }
): Promise<readonly Done[]> => {
  const done: Done[] = [];
  for (const { scope, name, reserved } of those) {
    const before = reserved ?? null;
    if (release && before !== 0) {
      done.push({ scope, function: name, before, after: before }); // it runs: what is reserved is none of ours
      continue;
    }
    try {
      await asking(`changing ${name}`, () => reserve(name, wanted));
      done.push({ scope, function: name, before, after: wanted ?? null });
    } catch (error) {
      done.push({ scope, function: name, before, after: before, error: messageOf(error) });
    }
  }
  return done;
};

const tell = ({ out }: Shell, done: readonly Done[], those: readonly WriteFunction[], options: Options): void => {
  for (const { scope, function: name, before, after, error } of done)
    out.line(
      error === undefined
        ? `${clean(scope)}: reserved concurrency ${said(before)} → ${said(after)} (${clean(name)})`
        : `${out.paint('bad', 'Not changed:')} ${clean(`${scope}: ${error}`)}`
    );
  const isChanged = (name: string) => done.some((each) => each.function === name && each.error === undefined);
  const changed = done.filter((each) => isChanged(each.function));
  const unchanged = done.filter((each) => !isChanged(each.function));
  if (unchanged.length > 0)
    out.line(
      `${out.paint('bad', `These still ${options.release ? 'do not run' : 'run'}, unless the answer alone was lost:`)} ${clean(
        unchanged.map((each) => `${each.scope} (${each.function})`).join(', ')
      )}. Say the same again: it is harmless.`
    );
  if (changed.length === 0) return;
  if (options.release) {
    out.line(
      `${unchanged.length > 0 ? 'The others' : 'They'} run again. Runs that were handed to people meanwhile stay with them; stops that operators set hold.`
    );
    return;
  }
  const longest = Math.max(...those.filter(({ name }) => isChanged(name)).map(({ timeoutSeconds }) => timeoutSeconds));
  const of = unchanged.length > 0 ? 'the others' : 'them';
  out.line(`No version of ${of} begins an invocation from now on; no run can act there, and no claim begins.`);
  out.line(`An invocation that had begun goes on, for ${longest} seconds at most. Undone by:`);
  const where = `${options.aws ? ' --aws' : ''}${options.functions ? ` --functions ${options.functions}` : ''}`;
  for (const { scope, before } of changed)
    out.line(
      `  ${clean(
        `writ break-glass ${scope} --release${before === null || before === 0 ? '' : ` --reserved ${before}`}${where}`
      )}`
    );
};

const regionOf = ({ env }: Shell): string =>
  env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? "the region of this shell's AWS profile";

const breakGlass = async (shell: Shell, scope: string | undefined, options: Options): Promise<number> => {
  if ((scope === undefined) === (options.all === undefined))
    throw usage('break-glass takes a write scope such as jira:write, or --all for every one.');
  if (options.reserved !== undefined && !options.release) throw usage('--reserved goes with --release');
  const kept =
    options.reserved === undefined ? undefined : wholeNumber('--reserved', options.reserved, 1, MOST_RESERVED);
  const at: LambdaAt = options.aws ? {} : { endpoint: (await readConnection(options.data)).aws };
  using functions = await writeFunctionsAt(at);
  const where = at.endpoint === undefined ? `in ${regionOf(shell)}` : `at ${at.endpoint}`;
  const those = chosen(await asking('listing the functions', functions.list), scope, { ...options, where });
  await confirm(shell, those, scope ?? 'all', options);
  const done = await carryOut(functions, those, {
    release: options.release === true,
    wanted: options.release ? kept : 0,
  });
  if (options.json) shell.out.line(safeJson({ functions: done }));
  else tell(shell, done, those, options);
  return done.every(({ error }) => error === undefined) ? 0 : 1;
};

export const addBreakGlass = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('break-glass')
    .description("keep write functions from running, by AWS Lambda alone: for when Writ's own stops cannot be set")
    .argument('[scope]', 'a write scope, such as jira:write')
    .option('--all', 'every write scope')
    .option('--aws', "the account and region of this shell's AWS credentials, instead of the local stack")
    .option('--functions <prefix>', 'only functions whose names begin so: one deployment of several')
    .addOption(new Option('--release', 'let them run again'))
    .option('--reserved <number>', 'with --release: what was reserved before')
    .option('--yes', 'do not ask')
    .action(async (scope: string | undefined, _: unknown, command: Command) =>
      done(await breakGlass(shell, scope, command.optsWithGlobals<Options>()))
    );
};
