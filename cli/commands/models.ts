import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { type ModelSettings, modelsOfTier, TIERS } from '../../lambdas/core/engine/model/settings.ts';
import { Failure, messageOf, usage } from '../failure.ts';
import { type Checked, checkModel } from '../models/check.ts';
import { modelFrom } from '../models/environment.ts';
import type { SessionOptions } from '../session.ts';
import type { Shell } from '../shell.ts';
import { clean, safeJson } from '../terminal/sanitise.ts';
import { type Column, table } from '../terminal/table.ts';

const NONE =
  'No model is configured: rules and the classifier answer. Set WRIT_MODEL=provider:model and its key, or "writ:models" in the context of cdk.json.';

/** What would be deployed from here: the configuration in `cdk.json`, read as a synthesis reads it. */
const configured = async (file: string): Promise<ModelSettings | undefined> => {
  let context: Readonly<Record<string, unknown>>;
  try {
    context = JSON.parse(await readFile(file, 'utf8')).context ?? {};
  } catch {
    throw usage(`${clean(file)} cannot be read as the configuration: expected JSON with a context`);
  }
  const [{ readConfig }, { assertPriced }] = await Promise.all([
    import('../../lib/config.ts'),
    import('../../lib/models.ts'),
  ]);
  try {
    const { models } = readConfig(context);
    assertPriced(models);
    return models;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConfigError') throw usage(clean(error.message));
    throw new Failure(messageOf(error), { cause: error });
  }
};

const known = (number: number | null, unit = ''): string => (number === null ? '–' : `${number}${unit}`);

const COLUMNS: readonly Column<Checked>[] = [
  { header: 'model', cell: ({ model }) => model, dispensable: 0, min: 20 },
  { header: 'tiers', cell: ({ tiers }) => tiers.join(', '), dispensable: 2 },
  { header: 'works', cell: ({ ok }) => (ok ? 'yes' : 'no'), tone: ({ ok }) => (ok ? 'good' : 'bad'), dispensable: 0 },
  { header: 'latency', cell: ({ latencyMs }) => known(latencyMs, ' ms'), align: 'right', dispensable: 1 },
  { header: 'in', cell: ({ inputTokens }) => known(inputTokens), align: 'right', dispensable: 3 },
  { header: 'out', cell: ({ outputTokens }) => known(outputTokens), align: 'right', dispensable: 3 },
  { header: 'cost', cell: ({ costMicroUsd }) => known(costMicroUsd, ' µ$'), align: 'right', dispensable: 1 },
  {
    header: 'structured',
    cell: ({ structured }) => (structured === null ? '–' : structured ? 'yes' : 'no'),
    dispensable: 2,
  },
];

const check = async (shell: Shell, { json }: SessionOptions, configuration: string): Promise<number> => {
  const { out } = shell;
  const settings = modelFrom(shell.env, new Date())?.settings ?? (await configured(configuration));
  const models = settings === undefined ? [] : [...new Set(TIERS.flatMap((tier) => modelsOfTier(settings, tier)))];
  if (settings === undefined || models.length === 0) {
    out.line(json ? safeJson({ models: [] }) : NONE);
    return 0;
  }
  const checked: Checked[] = [];
  for (const model of models) {
    const tiers = TIERS.filter((tier) => modelsOfTier(settings, tier).includes(model));
    checked.push(await checkModel(shell, settings, { model, tiers }));
  }
  if (json) out.line(safeJson({ models: checked }));
  else {
    for (const line of table(COLUMNS, checked, out)) out.line(line);
    for (const { model, problem } of checked)
      if (problem !== null) out.line(`${out.paint('bad', clean(model))}: ${clean(problem)}`);
  }
  return checked.every(({ ok }) => ok) ? 0 : 1;
};

export const addModels = (program: Command, shell: Shell, done: (code: number) => void): void => {
  program
    .command('models')
    .description('language models: which are configured, and whether they work')
    .command('check')
    .description('call each configured model once: latency, tokens, price, and whether its answers follow a schema')
    .option('--config <file>', 'the configuration, unless WRIT_MODEL names a model', 'cdk.json')
    .action(async (_: unknown, command: Command) => {
      const options = command.optsWithGlobals<SessionOptions & { readonly config: string }>();
      done(await check(shell, options, options.config));
    });
};
