import { ArnPrincipal, type IRole, PolicyStatement, Role, SessionTagsPrincipal } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { ArnFormat, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

/**
 * A role that reads the secrets `writ/<tenant>/<path>`, where `<tenant>` is the tag of the session. One function alone may assume it,
 * and only for a tenant.
 */
export const tenantSecretsRole = (
  parent: Construct,
  id: string,
  { role }: LambdaFunction,
  { paths, about }: { readonly paths: readonly string[]; readonly about: string }
): IRole => {
  if (role === undefined) throw new TypeError('a bundled function has a role of its own');
  const secrets = new Role(parent, id, {
    assumedBy: new SessionTagsPrincipal(
      new ArnPrincipal(role.roleArn).withConditions({
        StringLike: { 'aws:RequestTag/tenant': '?*' },
        'ForAllValues:StringEquals': { 'aws:TagKeys': ['tenant'] },
      })
    ),
    description: `Reads one tenant's secret of ${about}`,
  });
  secrets.addToPolicy(
    new PolicyStatement({
      actions: ['secretsmanager:GetSecretValue'],
      resources: paths.map((path) =>
        Stack.of(parent).formatArn({
          service: 'secretsmanager',
          resource: 'secret',
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
          // Secrets Manager appends a dash and six characters to a secret's name
          resourceName: `writ/\${aws:PrincipalTag/tenant}/${path}-??????`,
        })
      ),
    })
  );
  role.addToPrincipalPolicy(
    new PolicyStatement({ actions: ['sts:AssumeRole', 'sts:TagSession'], resources: [secrets.roleArn] })
  );
  return secrets;
};
