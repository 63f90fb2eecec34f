import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsClientConfig } from '#shared/aws/client.ts';

let client: SecretsManagerClient | undefined;

/** The client of this process. Stores, the token cache and operator secrets share its connections. */
export const secretsManager = (): SecretsManagerClient => {
  client ??= new SecretsManagerClient(awsClientConfig());
  return client;
};
