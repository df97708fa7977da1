import { globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf, sha256 } from '../lambdas/core/digest.ts';
import { serialise } from '../lambdas/core/engine/classifier/serialise.ts';
import { train } from '../lambdas/core/engine/classifier/train.ts';
import type { Classifier, TrainedClassifier } from '../statemachines/definition.ts';
import { ConfigError } from './config.ts';

/** A trained classifier: what the workflow's data says of it, and the bytes that go beside its step's bundle. */
export interface TrainedModel {
  readonly step: Classifier['step'];
  readonly spec: TrainedClassifier;
  readonly bytes: Uint8Array;
}

/** Everything that training depends on besides the examples. */
const codeDigest = (root: string): string => {
  const folder = join(root, 'lambdas/core/engine/classifier');
  const files = globSync('*.ts', { cwd: folder }).sort();
  return digestOf([process.version, ...files.map((file) => [file, sha256(readFileSync(join(folder, file)))])]);
};

const cached = (file: string, make: () => Uint8Array): Uint8Array => {
  try {
    return readFileSync(file);
  } catch {
    const bytes = make();
    const unfinished = `${file}.${process.pid}`;
    writeFileSync(unfinished, bytes);
    renameSync(unfinished, file); // a model is there whole, or not at all
    return bytes;
  }
};

/** Trains classifiers, or takes them from `cacheDirectory` where the same code has trained the same examples before. */
export const trainAll = (
  root: string,
  cacheDirectory: string,
  classifiers: readonly Classifier[]
): readonly TrainedModel[] => {
  mkdirSync(cacheDirectory, { recursive: true });
  const code = codeDigest(root);
  return classifiers.map(({ step, name, examples, ...options }) => {
    const bytes = cached(join(cacheDirectory, `${name}-${digestOf([code, examples, options])}.model`), () => {
      try {
        return serialise(train(examples, options));
      } catch (error) {
        if (error instanceof RangeError) throw new ConfigError(`the examples cannot train ${name}: ${error.message}`);
        throw error;
      }
    });
    return { step, spec: { kind: 'classifier', name, file: `${name}.model`, digest: sha256(bytes) }, bytes };
  });
};
