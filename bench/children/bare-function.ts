import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';

/** The least that a function which reads a secret holds, made when it starts: what cold imports are compared with. */
const client = new SecretsManagerClient({});

export const handler = (SecretId: string) => client.send(new GetSecretValueCommand({ SecretId }));
