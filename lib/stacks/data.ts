import { CfnOutput, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Config } from '../config.ts';
import { Archive } from '../constructs/archive.ts';
import { Ledger } from '../constructs/ledger.ts';

/** What must outlive every deployment: state and audit, the audit's archive, and the key they are encrypted with. */
export class DataStack extends Stack {
  readonly ledger: Ledger;
  readonly archive: Archive;

  constructor(parent: Construct, id: string, { config }: { readonly config: Config }) {
    super(parent, id, { description: 'Writ: state and audit of runs', terminationProtection: config.retainData });
    this.ledger = new Ledger(this, 'Ledger', { retain: config.retainData });
    this.archive = new Archive(this, 'Archive', {
      lock: config.archive,
      retain: config.retainData,
      encryptionKey: this.ledger.key,
    });
    new CfnOutput(this, 'ArchiveBucket', { value: this.archive.bucketName });
  }
}
