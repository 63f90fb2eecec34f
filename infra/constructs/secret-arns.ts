import { ArnFormat, Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

const secretArn = (scope: Construct, resourceName: string): string =>
  Stack.of(scope).formatArn({
    service: 'secretsmanager',
    resource: 'secret',
    resourceName,
    arnFormat: ArnFormat.COLON_RESOURCE_NAME,
  });

/** The secret of exactly this name: Secrets Manager ends each ARN with a hyphen and six characters of its own. */
export const secretNamed = (scope: Construct, name: string): string => secretArn(scope, `${name}-??????`);

/** Every secret whose name begins like this. */
export const secretsBeginning = (scope: Construct, prefix: string): string => secretArn(scope, `${prefix}*`);
