import { Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { Ledger } from '../constructs/ledger.ts';

/** What must outlive every deployment: state and audit, and the key they are encrypted with. */
export class DataStack extends Stack {
  readonly ledger: Ledger;

  constructor(parent: Construct, id: string, { config }: { readonly config: Config }) {
    super(parent, id, { description: 'Writ: state and audit of runs', terminationProtection: config.retainData });
    this.ledger = new Ledger(this, 'Ledger', { retain: config.retainData });
  }
}
