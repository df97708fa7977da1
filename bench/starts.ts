import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { synth } from '../lib/synth.ts';
import { readAssembly } from '../local/template/assembly.ts';
import { readDeployment } from '../local/template/deployment.ts';
import { quantile } from './statistics.ts';

/** How long a function's bundle takes to start in a new process, against a handler that does nothing. */
export interface Start {
  readonly name: string;
  readonly kilobytes: number;
  readonly medianMs: number;
  /** Of the medians, measured by turns in one go. */
  readonly timesEmpty: number;
}

const EMPTY = 'export const handler = async () => ({});\n';

/** What Lambda sets, as far as a start needs it. */
const LAMBDA = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'none', AWS_SECRET_ACCESS_KEY: 'none' };

interface Candidate {
  readonly name: string;
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
}

const startMs = ({ file, environment }: Candidate): number => {
  const start = performance.now();
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--input-type=module', '--eval', `await import(${JSON.stringify(pathToFileURL(file).href)})`],
    { env: { ...environment, ...LAMBDA }, timeout: 30_000 }
  );
  if (status !== 0) throw new Error(`${file} does not start: ${/^\w*(?:Error|Terminal): .*/m.exec(`${stderr}`)?.[0]}`);
  return performance.now() - start;
};

/** Starts every function's bundle `rounds` times, by turns with an empty handler. */
export const measureStarts = async (rounds: number): Promise<readonly Start[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'writ-starts-'));
  try {
    const { directory } = await synth({ outdir: join(folder, 'cdk.out') });
    const empty = join(folder, 'index.mjs');
    writeFileSync(empty, EMPTY);
    const candidates: readonly Candidate[] = [
      { name: 'empty handler', file: empty, environment: {} },
      ...readDeployment(readAssembly(directory), () => 'http://127.0.0.1').functions.map((it) => ({
        name: it.environment.POWERTOOLS_SERVICE_NAME ?? it.name,
        file: join(it.folder, 'index.mjs'),
        environment: { ...it.environment, LAMBDA_TASK_ROOT: it.folder },
      })),
    ];
    const times = candidates.map((): number[] => []);
    for (let round = 0; round <= rounds; round += 1)
      for (const [at, candidate] of candidates.entries()) {
        const took = startMs(candidate);
        if (round > 0) times[at]?.push(took); // the first round fills the file system's cache
      }
    const emptyMs = quantile(times[0] ?? [], 0.5);
    return candidates.map(({ name, file }, at) => {
      const medianMs = quantile(times[at] ?? [], 0.5);
      return { name, kilobytes: statSync(file).size / 1_000, medianMs, timesEmpty: medianMs / emptyMs };
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};
