/** The least that a function which reads a secret could hold: what cold imports are compared with. */
export { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
