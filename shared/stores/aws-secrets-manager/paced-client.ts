import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type PacedCalls, paceCalls } from '#shared/aws/pacing.ts';
import { isThrottled } from '#shared/aws/secrets-manager-errors.ts';

/**
 * Quotas that writes count against, by command. Source: AWS Secrets Manager user guide, "Secrets Manager quotas": 50
 * per second for each, per account and region, not adjustable.
 */
const QUOTAS: Readonly<Record<string, string>> = {
  CreateSecretCommand: 'create',
  PutSecretValueCommand: 'update',
  UpdateSecretVersionStageCommand: 'update',
  DeleteSecretCommand: 'delete',
  RestoreSecretCommand: 'restore',
};

/**
 * Creates a client that shares the connections of another one, keeps the pace of the store, and waits out throttling.
 */
export const createPacedClient = (base: SecretsManagerClient, calls: PacedCalls): SecretsManagerClient => {
  const { requestHandler, region, credentials } = base.config;
  const client = new SecretsManagerClient({ requestHandler, region, credentials });
  paceCalls(client, { service: 'Secrets Manager', quotas: QUOTAS, isThrottled }, calls);
  return client;
};
