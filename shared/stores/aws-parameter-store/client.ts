import { SSMClient } from '@aws-sdk/client-ssm';
import { awsClientConfig } from '#shared/aws/client.ts';
import { type PacedCalls, paceCalls } from '#shared/aws/pacing.ts';
import { isThrottled } from '#shared/stores/aws-parameter-store/errors.ts';

/**
 * Quotas that writes count against, by command. AWS documents none for them; users were throttled by PutParameter alone
 * (github-aws-runners/terraform-aws-github-runner 2944), so each command is paced on its own.
 */
const QUOTAS: Readonly<Record<string, string>> = { PutParameterCommand: 'put', DeleteParameterCommand: 'delete' };

let shared: SSMClient | undefined;

/** The client of this process, whose connections all stores share. */
export const parameterStore = (): SSMClient => {
  shared ??= new SSMClient(awsClientConfig());
  return shared;
};

/**
 * Creates a client that shares the connections of another one, keeps the pace of the store, and waits out throttling.
 *
 * @param maxAttempts Attempts at a call that fails for another reason; those of the SDK if left out.
 */
export const createPacedClient = (base: SSMClient, calls: PacedCalls, maxAttempts?: number): SSMClient => {
  const { requestHandler, region, credentials } = base.config;
  const client = new SSMClient({
    requestHandler,
    region,
    credentials,
    ...(maxAttempts !== undefined && { maxAttempts }),
  });
  paceCalls(client, { service: 'Parameter Store', quotas: QUOTAS, isThrottled }, calls);
  return client;
};
