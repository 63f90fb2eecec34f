import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsClientConfig } from '#shared/aws/client.ts';

let client: SecretsManagerClient | undefined;

/** The one client of this process: stores, the token cache and operator secrets share its connections. */
export const secretsManager = (): SecretsManagerClient => {
  client ??= new SecretsManagerClient(awsClientConfig());
  return client;
};
