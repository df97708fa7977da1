import {
  AccountRecovery,
  CfnUserPoolGroup,
  ClientAttributes,
  FeaturePlan,
  LambdaVersion,
  Mfa,
  OAuthScope,
  ResourceServerScope,
  StringAttribute,
  UserPool,
  type UserPoolClient,
  UserPoolOperation,
  type UserPoolResourceServer,
} from 'aws-cdk-lib/aws-cognito';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Aws, Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { ROLES } from '../../lambdas/core/names.ts';
import type { Config, MachineClient } from '../config.ts';
import { pascalCase } from '../functions.ts';
import { acknowledge } from './acknowledge.ts';

export interface UsersProps {
  readonly config: Config;
  /** Puts tenant, roles and scopes into access tokens. */
  readonly tokenFunction: LambdaFunction;
}

/** Who may call: people, with a role for each group they are in, and machines by client credentials. */
export class Users extends Construct {
  readonly pool: UserPool;
  readonly people: UserPoolClient;
  readonly #machines: UserPoolClient[] = [];

  constructor(parent: Construct, id: string, { config, tokenFunction }: UsersProps) {
    super(parent, id);
    this.pool = new UserPool(this, 'Pool', {
      featurePlan: FeaturePlan.ESSENTIALS,
      selfSignUpEnabled: false,
      signInAliases: { username: true },
      customAttributes: { tenant: new StringAttribute({ minLen: 1, maxLen: 40, mutable: true }) },
      passwordPolicy: {
        minLength: 12,
        requireLowercase: true,
        requireUppercase: true,
        requireDigits: true,
        requireSymbols: true,
        tempPasswordValidity: Duration.days(3),
      },
      accountRecovery: AccountRecovery.EMAIL_ONLY,
      mfa: Mfa.OPTIONAL,
      mfaSecondFactor: { otp: true, sms: false },
      deletionProtection: config.retainData,
      removalPolicy: config.retainData ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    acknowledge(this.pool, 'COG2', "A second factor is everybody's own choice, so that the first sign-in needs none");
    acknowledge(this.pool, 'COG8', 'Threat protection is paid per user: whoever wants it changes the plan');
    this.pool.addTrigger(UserPoolOperation.PRE_TOKEN_GENERATION_CONFIG, tokenFunction, LambdaVersion.V2_0);
    for (const role of ROLES)
      new CfnUserPoolGroup(this, `Group${pascalCase(role)}`, { userPoolId: this.pool.userPoolId, groupName: role });
    this.people = this.pool.addClient('People', {
      authFlows: { userPassword: true },
      disableOAuth: true,
      preventUserExistenceErrors: true,
      accessTokenValidity: Duration.hours(1),
      // nobody writes their own tenant: only administrators set what is not listed here
      writeAttributes: new ClientAttributes().withStandardAttributes({ email: true }),
    });
    const roles = this.#resourceServer('Roles', 'writ', ROLES);
    if (config.machineClients.length > 0) this.#addMachines(config.machineClients, roles);
  }

  /** Every client whose tokens the API takes. */
  get clients(): readonly UserPoolClient[] {
    return [this.people, ...this.#machines];
  }

  #resourceServer(id: string, identifier: string, names: readonly string[]) {
    const scopes = names.map(
      (name) => new ResourceServerScope({ scopeName: name, scopeDescription: `${identifier}/${name}` })
    );
    const server = this.pool.addResourceServer(id, { identifier, scopes });
    return (name: string): OAuthScope => {
      const scope = scopes.find(({ scopeName }) => scopeName === name);
      if (scope === undefined) throw new TypeError(`${identifier} has no scope ${name}`);
      return OAuthScope.resourceServer(server as UserPoolResourceServer, scope);
    };
  }

  /** Machines have no attributes: their tenant is a scope that only their own client may ask for. */
  #addMachines(machines: readonly MachineClient[], role: (name: string) => OAuthScope): void {
    const tenants = [...new Set(machines.map(({ tenant }) => tenant))].sort();
    const tenantScope = this.#resourceServer('Tenants', 'writ-tenant', tenants);
    this.pool.addDomain('Domain', { cognitoDomain: { domainPrefix: `writ-${Aws.ACCOUNT_ID}` } });
    for (const { name, tenant, roles } of machines) {
      this.#machines.push(
        this.pool.addClient(`Machine${pascalCase(name)}`, {
          generateSecret: true,
          authFlows: { userPassword: false }, // without a list people could sign in here, and write what their own client may not
          oAuth: { flows: { clientCredentials: true }, scopes: [...roles.map(role), tenantScope(tenant)] },
          accessTokenValidity: Duration.hours(1),
        })
      );
    }
  }
}
