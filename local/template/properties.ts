import * as z from 'zod';
import type { Json } from './json.ts';

/**
 * The properties of the resource types that do something locally. A property that is not named is an error; those named
 * as ignored change nothing on one machine.
 */
const properties = <Shape extends z.ZodRawShape>(shape: Shape, ignored: string): z.ZodObject<Shape> =>
  z.strictObject({
    ...shape,
    ...Object.fromEntries(ignored.split(' ').map((name) => [name, z.unknown().optional()])),
  }) as unknown as z.ZodObject<Shape>;

const whole = z.coerce.number().int();
const JsonValue = z.json() as z.ZodType<Json>;
const JsonRecord = z.record(z.string(), JsonValue);

const Tag = z.object({ Key: z.string(), Value: z.coerce.string() });
export type Tag = z.infer<typeof Tag>;
const Tags = z.array(Tag).default([]);
const PolicyDocument = JsonRecord;
const ResourcePolicy = z.looseObject({ PolicyDocument }).optional();
const Encryption = z.looseObject({ SSEEnabled: z.boolean().optional(), KMSMasterKeyId: z.string().optional() });

const Index = properties(
  {
    IndexName: z.string(),
    KeySchema: z.array(JsonRecord),
    Projection: JsonRecord,
  },
  'ProvisionedThroughput OnDemandThroughput WarmThroughput WriteProvisionedThroughputSettings ContributorInsightsSpecification'
);
export const Table = properties(
  {
    KeySchema: z.array(z.strictObject({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) })),
    AttributeDefinitions: z.array(z.strictObject({ AttributeName: z.string(), AttributeType: z.string() })),
    GlobalSecondaryIndexes: z.array(Index).optional(),
    LocalSecondaryIndexes: z.array(Index).optional(),
    SSESpecification: Encryption.optional(),
    ResourcePolicy,
    Replicas: z
      .array(z.looseObject({ Region: z.string(), SSESpecification: Encryption.optional(), ResourcePolicy }))
      .default([]),
  },
  'TableName BillingMode ProvisionedThroughput OnDemandThroughput WarmThroughput WriteProvisionedThroughputSettings ' +
    'WriteOnDemandThroughputSettings TimeToLiveSpecification PointInTimeRecoverySpecification ' +
    'StreamSpecification DeletionProtectionEnabled Tags TableClass ContributorInsightsSpecification'
);

export const LambdaFunction = properties(
  {
    Code: z.object({ S3Key: z.string('only code from an asset runs here: give S3Bucket and S3Key') }),
    Handler: z.string().regex(/^[^.]+(\/[^.]+)*\.\w+$/, 'expected <file>.<export>'),
    Runtime: z.string().startsWith('nodejs', 'only Node.js functions run here'),
    Role: z.string(),
    Timeout: whole.min(1).max(900).default(3),
    MemorySize: whole.min(128).default(128),
    Environment: z.strictObject({ Variables: z.record(z.string(), z.coerce.string()).default({}) }).optional(),
    ReservedConcurrentExecutions: whole.min(0).optional(),
    Description: z.string().default(''),
    Architectures: z.array(z.string()).default(['x86_64']),
    LoggingConfig: z.object({ LogGroup: z.string().optional() }).optional(),
    TracingConfig: z.object({ Mode: z.string() }).optional(),
    Tags,
  },
  'FunctionName EphemeralStorage KmsKeyArn DeadLetterConfig RuntimeManagementConfig SnapStart RecursiveLoop'
);
export const LambdaVersion = properties(
  { FunctionName: z.string() },
  'CodeSha256 Description ProvisionedConcurrencyConfig RuntimePolicy'
);
export const EventInvokeConfig = properties(
  { FunctionName: z.string(), MaximumRetryAttempts: whole.optional() },
  'Qualifier MaximumEventAgeInSeconds DestinationConfig'
);

export const LogGroup = properties(
  { RetentionInDays: whole.optional() },
  'LogGroupName LogGroupClass KmsKeyId DataProtectionPolicy FieldIndexPolicies ResourcePolicyDocument Tags ' +
    'DeletionProtectionEnabled BearerTokenAuthenticationEnabled'
);

export const Permission = properties(
  {
    Action: z.string(),
    FunctionName: z.string(),
    Principal: z.string(),
    SourceArn: z.string().optional(),
    SourceAccount: z.coerce.string().optional(),
    PrincipalOrgID: z.string().optional(),
    EventSourceToken: z.string().optional(),
    FunctionUrlAuthType: z.string().optional(),
    InvokedViaFunctionUrl: z.boolean().optional(),
  },
  ''
);

export const Key = z.looseObject({ KeyPolicy: PolicyDocument.optional() });
export const Alias = z.looseObject({ AliasName: z.string(), TargetKeyId: z.string() });

export const Role = properties(
  {
    AssumeRolePolicyDocument: PolicyDocument,
    Policies: z.array(z.object({ PolicyName: z.string(), PolicyDocument })).default([]),
    ManagedPolicyArns: z.array(z.string()).default([]),
    PermissionsBoundary: z.string().optional(),
    MaxSessionDuration: whole.min(3600).max(43_200).default(3600),
    Tags,
  },
  'RoleName Path Description'
);
export const Policy = properties(
  { PolicyDocument, Roles: z.array(z.string()).default([]) },
  'PolicyName ManagedPolicyName Path Description'
);

export const StateMachine = properties(
  {
    RoleArn: z.string(),
    DefinitionString: z.string().optional(),
    Definition: JsonRecord.optional(),
    DefinitionS3Location: z.object({ Key: z.string() }).optional(),
    DefinitionSubstitutions: z.record(z.string(), z.coerce.string()).default({}),
    StateMachineType: z.literal('STANDARD', 'only standard state machines run here').default('STANDARD'),
    LoggingConfiguration: JsonRecord.optional(),
    TracingConfiguration: z.object({ Enabled: z.boolean().optional() }).optional(),
    Tags,
  },
  'StateMachineName EncryptionConfiguration'
);
export const StateMachineVersion = properties(
  { StateMachineArn: z.string(), Description: z.string().optional() },
  'StateMachineRevisionId'
);
export const StateMachineAlias = properties(
  {
    Name: z.string(),
    Description: z.string().optional(),
    RoutingConfiguration: z
      .array(z.object({ StateMachineVersionArn: z.string() }))
      .length(1, 'only an alias of one version runs here'),
  },
  'DeploymentPreference'
);

const Period = whole.min(1).max(36_500).optional();
export const Bucket = properties(
  {
    ObjectLockEnabled: z.boolean().optional(),
    ObjectLockConfiguration: z
      .strictObject({
        ObjectLockEnabled: z.literal('Enabled').optional(),
        Rule: z
          .strictObject({
            DefaultRetention: z
              .strictObject({ Mode: z.enum(['GOVERNANCE', 'COMPLIANCE']), Days: Period, Years: Period })
              .refine(
                ({ Days, Years }) => (Days === undefined) !== (Years === undefined),
                'expected either Days or Years'
              ),
          })
          .optional(),
      })
      .optional(),
    VersioningConfiguration: z
      .strictObject({ Status: z.literal('Enabled', 'a bucket is versioned here or it is not: none is suspended') })
      .optional(),
  },
  'BucketName AccessControl AnalyticsConfigurations BucketEncryption InventoryConfigurations LifecycleConfiguration ' +
    'LoggingConfiguration MetricsConfigurations OwnershipControls PublicAccessBlockConfiguration Tags'
);
export type Bucket = z.infer<typeof Bucket>;
export const BucketPolicy = properties({ Bucket: z.string(), PolicyDocument }, '');

export const Rule = properties(
  {
    EventPattern: JsonRecord.optional(),
    ScheduleExpression: z.string().optional(),
    State: z.enum(['ENABLED', 'DISABLED']).default('ENABLED'),
    Targets: z.array(properties({ Arn: z.string() }, 'Id DeadLetterConfig RetryPolicy')).default([]),
  },
  'Name Description EventBusName'
);

export const Api = properties(
  { ProtocolType: z.literal('HTTP', 'only HTTP APIs run here') },
  'Name Description Tags DisableExecuteApiEndpoint'
);
export const Stage = properties(
  { ApiId: z.string(), StageName: z.literal('$default', 'only the stage $default runs here') },
  'AutoDeploy AccessLogSettings DefaultRouteSettings RouteSettings Description Tags'
);
export const Integration = properties(
  {
    ApiId: z.string(),
    IntegrationType: z.literal('AWS_PROXY', 'only Lambda integrations run here'),
    IntegrationUri: z.string(),
    PayloadFormatVersion: z.literal('2.0', 'only payload format 2.0 runs here'),
    TimeoutInMillis: whole.max(30_000).default(30_000),
  },
  'Description IntegrationMethod ConnectionType'
);
export const Route = properties(
  {
    ApiId: z.string(),
    RouteKey: z.string().regex(/^(\$default|[A-Z]+ \/\S*)$/, 'expected `METHOD /path` or `$default`'),
    Target: z.string(),
    AuthorizationType: z.enum(['NONE', 'JWT'], 'only JWT authorizers run here').default('NONE'),
    AuthorizerId: z.string().optional(),
    AuthorizationScopes: z.array(z.string()).default([]),
  },
  'OperationName'
);
export const Authorizer = properties(
  {
    AuthorizerType: z.literal('JWT', 'only JWT authorizers run here'),
    JwtConfiguration: z.strictObject({ Issuer: z.string(), Audience: z.array(z.string()) }),
    IdentitySource: z.tuple([z.literal('$request.header.Authorization')]),
  },
  'ApiId Name'
);

export const UserPool = properties(
  {
    LambdaConfig: z
      .strictObject({
        PreTokenGenerationConfig: z.strictObject({
          LambdaArn: z.string(),
          LambdaVersion: z.enum(['V2_0', 'V3_0'], 'expected V2_0 or V3_0: V1_0 cannot change access tokens'),
        }),
        PreTokenGeneration: z.unknown().optional(),
      })
      .optional(),
  },
  'UserPoolName AccountRecoverySetting AdminCreateUserConfig AliasAttributes AutoVerifiedAttributes DeletionProtection ' +
    'DeviceConfiguration EmailConfiguration EmailVerificationMessage EmailVerificationSubject EnabledMfas ' +
    'MfaConfiguration Policies Schema SmsConfiguration SmsVerificationMessage UserAttributeUpdateSettings ' +
    'UsernameAttributes UsernameConfiguration UserPoolAddOns UserPoolTags UserPoolTier VerificationMessageTemplate'
);
export const UserPoolGroup = properties(
  { UserPoolId: z.string(), GroupName: z.string() },
  'Description Precedence RoleArn'
);
export const ResourceServer = properties(
  {
    UserPoolId: z.string(),
    Identifier: z.string(),
    Scopes: z.array(z.object({ ScopeName: z.string() })).default([]),
  },
  'Name'
);
export const UserPoolClient = properties(
  {
    UserPoolId: z.string(),
    ExplicitAuthFlows: z.array(z.string()).default([]),
    AllowedOAuthFlows: z.array(z.string()).default([]),
    AllowedOAuthScopes: z.array(z.string()).default([]),
    GenerateSecret: z.boolean().default(false),
    AccessTokenValidity: whole.optional(),
    TokenValidityUnits: z
      .object({ AccessToken: z.enum(['seconds', 'minutes', 'hours', 'days']).optional() })
      .optional(),
  },
  'ClientName AllowedOAuthFlowsUserPoolClient AuthSessionValidity CallbackURLs DefaultRedirectURI ' +
    'EnableTokenRevocation EnablePropagateAdditionalUserContextData IdTokenValidity LogoutURLs ' +
    'PreventUserExistenceErrors ReadAttributes RefreshTokenRotation RefreshTokenValidity SupportedIdentityProviders WriteAttributes'
);
