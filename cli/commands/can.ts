import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { reasonOf } from '../../local/iam/denial.ts';
import { type Answer, type Inquiry, openQuestions } from '../../local/iam/question.ts';
import { decidedIn, inquiryIn, inquiryOf } from '../access/inquiry.ts';
import { collect } from '../arguments.ts';
import { makeDataFolder } from '../connection.ts';
import { SYNTHESIS } from '../demo/boot.ts';
import { Failure, messageOf, usage } from '../failure.ts';
import type { SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';

interface Options extends SessionOptions {
  readonly context?: readonly string[];
  readonly assembly?: string;
  readonly requests?: string;
}

/** Neither allowed nor denied. */
const MISUSED = 2;

/** The synthesised app: what is named, else what the data folder has, else synthesised into it as `start` does. */
const assemblyFor = async (shell: Shell, { assembly, data }: Options): Promise<string> => {
  if (assembly !== undefined) return resolve(assembly);
  const folder = resolve(data, 'cdk.out');
  if (existsSync(join(folder, 'manifest.json'))) return folder;
  await makeDataFolder(data);
  return (await (await shell.parts()).assemble({ outdir: folder, context: SYNTHESIS })).directory;
};

const word = ({ decision }: Answer & { kind: 'decided' }): 'Allowed' | 'Denied' =>
  decision.kind === 'allowed' ? 'Allowed' : 'Denied';

const documentOf = (inquiry: Inquiry, answer: Answer & { kind: 'decided' }) => {
  const { decision, roleArn } = answer;
  return {
    role: roleArn,
    action: inquiry.action,
    resource: inquiry.resource,
    decision: word(answer),
    because: decision.kind,
    ...('by' in decision ? { by: decision.by } : { type: decision.type, close: decision.close }),
    ...('what' in decision && { notKnown: decision.what }),
    why: reasonOf(decision),
  };
};

const asked = async (shell: Shell, options: Options): Promise<(inquiry: Inquiry) => Answer & { kind: 'decided' }> => {
  const assembly = await assemblyFor(shell, options);
  try {
    const answer = openQuestions(assembly, Date.now);
    return (inquiry) => decidedIn(answer(inquiry), inquiry);
  } catch (error) {
    throw new Failure(clean(messageOf(error)), { exitCode: MISUSED, cause: error });
  }
};

const answerOne = async (shell: Shell, words: readonly string[], options: Options): Promise<number> => {
  const [role, action, resource] = words;
  if (role === undefined || action === undefined || resource === undefined)
    throw usage('expected a role, an action and a resource, or --requests with a file of them');
  const inquiry = inquiryOf(role, action, resource, options.context ?? []);
  const answer = (await asked(shell, options))(inquiry);
  if (options.json) shell.out.line(safeJson(documentOf(inquiry, answer)));
  else shell.out.line(`${word(answer)} ${clean(reasonOf(answer.decision))}`);
  return answer.decision.kind === 'allowed' ? 0 : 1;
};

/** One line of JSON for each line of the file; a line that is no question gets an error, and the rest is answered all the same. */
const answerMany = async (shell: Shell, file: string, options: Options): Promise<number> => {
  const text = await readFile(file, 'utf8').catch(() => {
    throw usage(`${clean(file)} cannot be read: give a file of JSON Lines with role, action, resource and context`);
  });
  const ask = await asked(shell, options);
  let code = 0;
  for (const line of text.split('\n').filter((one) => one.trim() !== '')) {
    try {
      const inquiry = inquiryIn(line);
      shell.out.line(safeJson(documentOf(inquiry, ask(inquiry)), 0));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      shell.out.line(safeJson({ error: messageOf(error) }, 0));
      code = MISUSED;
    }
  }
  return code;
};

export const addCan = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('can')
    .description('say whether a role of the template may make a call, and why')
    .argument(
      '[role]',
      "its name, ARN, logical id or construct's path, that of its function or state machine, or a part of one"
    )
    .argument('[action]', 'such as dynamodb:PutItem')
    .argument('[resource]', 'the ARN of the resource; * where the action has none')
    .option('--context <key=value>', 'a condition key; several times for several values', collect)
    .option('--assembly <folder>', 'the synthesised app, instead of cdk.out in the data folder')
    .option('--requests <file>', 'many questions: JSON Lines of role, action, resource, context; answers likewise')
    .action(async (...given: readonly unknown[]) => {
      const command = given.at(-1) as Command;
      const options = command.optsWithGlobals<Options>();
      const words = command.args;
      if (options.requests !== undefined && words.length > 0) throw usage('give --requests, or one question, not both');
      done(
        options.requests === undefined
          ? await answerOne(shell, words, options)
          : await answerMany(shell, options.requests, options)
      );
    });
};
