import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** A minimal function that reads a secret: the reference for cold imports. Its client is created at start. */
const client = new SecretsManagerClient({});

export const handler = (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));
