import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import { Construct } from 'constructs';
import { bundleName } from '../functions.ts';
import type { Archive } from './archive.ts';
import { bundledFunction, type FunctionSettings } from './bundled-function.ts';
import type { Ledger } from './ledger.ts';

export interface ArchiverProps extends FunctionSettings {
  readonly ledger: Ledger;
  readonly archive: Archive;
}

/** As long as a function may take: what it did not get to, the next one does. */
const TIMEOUT_SECONDS = 900;
/** Each hour, away from its beginning, when everybody's schedules are due. */
const MINUTE = '17';

/** Copies chains of the audit into the archive each hour, and makes the root of each day that is over. */
export class Archiver extends Construct {
  readonly functionName: string;

  constructor(parent: Construct, id: string, { ledger, archive, ...settings }: ArchiverProps) {
    super(parent, id);
    const fn = bundledFunction(this, 'Function', {
      ...settings,
      service: 'archiver',
      bundle: bundleName.archive,
      timeoutSeconds: TIMEOUT_SECONDS,
      environment: { AUDIT_TABLE: ledger.environment.AUDIT_TABLE ?? '', ...archive.environment },
    });
    ledger.grantArchiver(fn);
    archive.grantArchiver(fn);
    new Rule(this, 'Hourly', {
      description: 'Copies chains of the audit into its archive',
      schedule: Schedule.cron({ minute: MINUTE }),
      targets: [new LambdaTarget(fn)],
    });
    this.functionName = fn.functionName;
  }
}
