import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { type IGrantable, PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { RemovalPolicy, Stack } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { BY_DAY, BY_TENANT, prefix } from '../../lambdas/core/tables.ts';
import type { DeployedStep, Scope } from '../functions.ts';
import { type Access, API_ACCESS, type Domain, scopeAccess, stepAccess } from './access.ts';

const READ = ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:Query'];

/**
 * State and audit of all runs. Who may write a partition is decided here, by IAM: grants name an intent, and nothing of
 * the tables is exposed but their names.
 */
export class Ledger extends Construct {
  readonly #key: Key;
  readonly #state: Table;
  readonly #audit: Table;

  constructor(scope: Construct, id: string, { retain }: { readonly retain: boolean }) {
    super(scope, id);
    const removalPolicy = retain ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.#key = new Key(this, 'Key', { enableKeyRotation: true, removalPolicy, description: 'Writ: state and audit' });
    const shared = {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.#key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: retain,
      removalPolicy,
    };
    this.#state = new Table(this, 'State', { ...shared, timeToLiveAttribute: 'expiresAt' });
    this.#state.addGlobalSecondaryIndex({
      indexName: BY_TENANT,
      partitionKey: { name: 'gsi1pk', type: AttributeType.STRING },
      sortKey: { name: 'gsi1sk', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    this.#audit = new Table(this, 'Audit', shared);
    this.#audit.addGlobalSecondaryIndex({
      indexName: BY_DAY,
      partitionKey: { name: 'gsi1pk', type: AttributeType.STRING },
      sortKey: { name: 'gsi1sk', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /** What state and audit, and the audit's archive, are encrypted with. */
  get key(): IKey {
    return this.#key;
  }

  /** What functions find the tables by. */
  get environment(): Readonly<Record<string, string>> {
    return { STATE_TABLE: this.#state.tableName, AUDIT_TABLE: this.#audit.tableName };
  }

  /** Lets a step of a workflow do its part, for the workflow's scopes and counters alone. */
  grantStep(grantee: IGrantable, step: DeployedStep, domain: Domain): void {
    this.#grant(grantee, stepAccess(step, domain));
  }

  /** Lets a scope's function keep readings, or claim writs, of its own scope. */
  grantScope(grantee: IGrantable, scope: Scope): void {
    this.#grant(grantee, scopeAccess(scope));
  }

  /** Lets the API create runs, show them, take replies and set controls. */
  grantApi(grantee: IGrantable): void {
    this.#grant(grantee, API_ACCESS);
  }

  /** Lets the archiver see where chains came to rest, and read them. */
  grantArchiver(grantee: IGrantable): void {
    this.#allow(grantee, this.#audit.tableArn, ['dynamodb:Query'], [prefix.run, prefix.control]);
    this.#allow(grantee, `${this.#audit.tableArn}/index/${BY_DAY}`, ['dynamodb:Query'], [prefix.heads]);
    this.#allowEncryption(grantee);
  }

  #grant(grantee: IGrantable, { read, put, update, check, list, audit }: Access): void {
    const state = this.#state.tableArn;
    this.#allow(grantee, state, READ, read);
    this.#allow(grantee, state, ['dynamodb:PutItem'], put);
    this.#allow(grantee, state, ['dynamodb:UpdateItem'], update);
    this.#allow(grantee, state, ['dynamodb:ConditionCheckItem'], check);
    this.#allow(grantee, `${state}/index/${BY_TENANT}`, ['dynamodb:Query'], list);
    const auditActions = audit === 'append-and-read' ? ['dynamodb:PutItem', 'dynamodb:Query'] : ['dynamodb:PutItem'];
    // a step appends to chains of runs alone; the API also to chains of controls
    const chains = audit === 'append-and-read' ? [prefix.run, prefix.control] : [prefix.run];
    if (audit) this.#allow(grantee, this.#audit.tableArn, auditActions, chains);
    this.#allowEncryption(grantee);
  }

  /** Allows actions on partitions whose keys start so. `ForAllValues` holds where there is no key, hence `Null`. */
  #allow(grantee: IGrantable, resource: string, actions: string[], prefixes: readonly string[] = []): void {
    if (prefixes.length === 0) return;
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions,
        resources: [resource],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': prefixes.map((start) => `${start}*`) },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      })
    );
  }

  #allowEncryption(grantee: IGrantable): void {
    const { region } = Stack.of(this);
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [
          'kms:Decrypt',
          'kms:Encrypt',
          'kms:GenerateDataKey',
          'kms:ReEncryptFrom',
          'kms:ReEncryptTo',
          'kms:DescribeKey',
        ],
        resources: [this.#key.keyArn],
        conditions: { StringEquals: { 'kms:ViaService': `dynamodb.${region}.amazonaws.com` } },
      })
    );
  }
}
