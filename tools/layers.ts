import { globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/*
 * Checks the direction of imports: `node tools/layers.ts`. Each layer lists what it may import besides itself; any other
 * edge fails with the line that makes it. Cycles are the linter's business.
 */

interface Layer {
  /** Files of the layer: the longest prefix that fits a path decides. */
  readonly prefix: string;
  /** Prefixes of files that it may import. */
  readonly may: readonly string[];
  /** Packages that it may import; absent: any. */
  readonly packages?: readonly string[];
}

const CONTRACT = 'lambdas/tools/jira/contract.ts';
const CONTRACTS = 'lambdas/tools/contracts.ts';
/** Pure: whoever holds records can reckon a chain anew. */
const VERIFIER = 'lambdas/core/audit/verify.ts';
const ANCHORS = 'lambdas/core/audit/anchors.ts';
/** Which models there are, at what price, and how each is called: to check them without a stack. */
const MODELS = ['lib/config.ts', 'lib/models.ts', 'lambdas/core/engine/', 'lambdas/adapters/model/'];
const SANDBOX = 'lambdas/tools/jira/sandbox/';

const LAYERS: readonly Layer[] = [
  { prefix: 'lambdas/core/', may: [], packages: ['zod', 'node:crypto'] },
  { prefix: 'lambdas/adapters/', may: ['lambdas/core/'] },
  { prefix: 'lambdas/tools/', may: ['lambdas/core/'] },
  { prefix: 'lambdas/tools/jira/read.ts', may: ['lambdas/runtime/', 'lambdas/tools/'] },
  { prefix: 'lambdas/tools/jira/write.ts', may: ['lambdas/runtime/', 'lambdas/tools/'] },
  { prefix: SANDBOX, may: ['lambdas/tools/jira/'], packages: ['zod', 'node:'] },
  { prefix: 'lambdas/runtime/', may: ['lambdas/core/', 'lambdas/adapters/', 'lambdas/api/'] },
  { prefix: 'lambdas/models/', may: ['lambdas/adapters/model/'] },
  { prefix: 'lambdas/steps/', may: ['lambdas/core/', 'lambdas/runtime/', CONTRACTS] },
  { prefix: 'lambdas/api/', may: ['lambdas/core/', 'lambdas/runtime/'] },
  { prefix: 'statemachines/', may: ['lambdas/core/', CONTRACT, CONTRACTS], packages: ['zod', 'node:'] },
  { prefix: 'lib/', may: ['lambdas/core/', 'statemachines/', CONTRACT, CONTRACTS] },
  { prefix: 'local/', may: [] },
  {
    prefix: 'cli/',
    may: ['local/', 'lib/assemble.ts', 'lib/reload.ts', SANDBOX, CONTRACT, VERIFIER, ANCHORS, ...MODELS],
  },
  { prefix: 'bin/app.ts', may: ['lib/'] },
  { prefix: 'bin/writ.ts', may: ['cli/'] },
  { prefix: 'evals/', may: ['lambdas/'] },
  { prefix: 'bench/', may: ['local/', 'lib/synth.ts', 'cli/', 'lambdas/'] },
  { prefix: 'drills/', may: ['local/', 'lib/synth.ts', 'cli/', SANDBOX, VERIFIER] },
  // drives the gate itself, without functions or state machines around it: it builds what the composition root builds
  { prefix: 'drills/gate/', may: ['local/dynamo/', 'lambdas/core/', 'lambdas/adapters/', CONTRACT] },
  { prefix: 'tools/', may: [] },
];

const layerOf = (file: string): Layer | undefined =>
  LAYERS.filter(({ prefix }) => file.startsWith(prefix)).sort((a, b) => b.prefix.length - a.prefix.length)[0];

const SPECIFIER =
  /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)\s*import\s*['"]([^'"]+)['"]/g;

const faultOf = (file: string, specifier: string): string | undefined => {
  const layer = layerOf(file);
  if (layer === undefined) return `${file} belongs to no layer: add one to tools/layers.ts`;
  if (!specifier.startsWith('.')) {
    const isAllowed =
      layer.packages?.some((name) => specifier === name || (name.endsWith(':') && specifier.startsWith(name))) ?? true;
    return isAllowed
      ? undefined
      : `${file} imports ${specifier}: ${layer.prefix} may import ${layer.packages?.join(', ')}`;
  }
  const target = join(dirname(file), specifier);
  const isAllowed = target.startsWith(layer.prefix) || layer.may.some((prefix) => target.startsWith(prefix));
  const allowed = layer.may.length === 0 ? 'nothing outside itself' : layer.may.join(', ');
  return isAllowed ? undefined : `${file} imports ${target}: ${layer.prefix} may import ${allowed}`;
};

const files = globSync('{bin,lib,statemachines,lambdas,local,cli,evals,bench,drills,tools}/**/*.ts');
const faults = files.flatMap((file) =>
  [...readFileSync(file, 'utf8').matchAll(SPECIFIER)].flatMap(
    ([, from, dynamic, bare]) => faultOf(file, from ?? dynamic ?? bare ?? '') ?? []
  )
);

for (const fault of faults) process.stderr.write(`${fault}\n`);
process.stdout.write(`layers: ${files.length} files, ${faults.length} forbidden imports\n`);
process.exitCode = faults.length === 0 ? 0 : 1;
