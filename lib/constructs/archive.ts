import { type IRole, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ARCHIVE_FOLDERS, archiveKey } from '../../lambdas/core/audit/anchors.ts';
import type { ArchiveLock } from '../config.ts';
import { acknowledge, acknowledgeFolders } from './acknowledge.ts';

export interface ArchiveProps {
  readonly lock: ArchiveLock;
  readonly retain: boolean;
  readonly encryptionKey: IKey;
}

const retentionOf = ({ lock, days }: ArchiveLock): ObjectLockRetention | undefined => {
  if (lock === 'none' || days === undefined) return undefined;
  const duration = Duration.days(days);
  return lock === 'compliance' ? ObjectLockRetention.compliance(duration) : ObjectLockRetention.governance(duration);
};

/**
 * Where chains of the audit are copied, and the days' roots over them: outside the tables, in a bucket that can lock each object.
 * Who writes puts new objects and reads roots and leaves: nobody is given deletion, or a way around a lock.
 */
export class Archive extends Construct {
  readonly #bucket: Bucket;
  readonly #key: IKey;

  constructor(scope: Construct, id: string, { lock, retain, encryptionKey }: ArchiveProps) {
    super(scope, id);
    this.#key = encryptionKey;
    const retention = retentionOf(lock);
    this.#bucket = new Bucket(this, 'Bucket', {
      versioned: true,
      objectLockEnabled: true,
      ...(retention && { objectLockDefaultRetention: retention }),
      encryption: BucketEncryption.KMS,
      encryptionKey,
      bucketKeyEnabled: true,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      removalPolicy: retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(
      this.#bucket,
      'S1',
      'Data events of CloudTrail say who read and wrote, and are kept where the account keeps them'
    );
  }

  get bucketName(): string {
    return this.#bucket.bucketName;
  }

  /** What the archiver finds the bucket by. */
  get environment(): Readonly<Record<string, string>> {
    return { ARCHIVE_BUCKET: this.#bucket.bucketName };
  }

  /** Lets the archiver list what there is, put new objects, and read leaves and roots. */
  grantArchiver({ role }: { readonly role?: IRole | undefined }): void {
    if (role === undefined) throw new TypeError('the archiver has a role of its own');
    const within = (folders: readonly string[]) => folders.map((folder) => this.#bucket.arnForObjects(`${folder}*`));
    const read = ARCHIVE_FOLDERS.filter((folder) => folder !== archiveKey.allChains);
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:PutObject'], resources: within(ARCHIVE_FOLDERS) }));
    role.addToPrincipalPolicy(new PolicyStatement({ actions: ['s3:GetObject'], resources: within(read) }));
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['s3:ListBucket'],
        resources: [this.#bucket.bucketArn],
        conditions: { StringLike: { 's3:prefix': ARCHIVE_FOLDERS.map((folder) => `${folder}*`) } },
      })
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ['kms:GenerateDataKey', 'kms:Decrypt'],
        resources: [this.#key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `s3.${Stack.of(this).region}.amazonaws.com` } },
      })
    );
    acknowledgeFolders(role, this.#bucket, ARCHIVE_FOLDERS);
  }
}
