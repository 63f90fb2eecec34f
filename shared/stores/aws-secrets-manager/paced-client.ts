import { setTimeout as sleepFor } from 'node:timers/promises';
import { SecretsManagerClient, type ServiceInputTypes, type ServiceOutputTypes } from '@aws-sdk/client-secrets-manager';
import type { FinalizeHandler, FinalizeHandlerArguments, HandlerExecutionContext } from '@smithy/types';
import { isThrottled } from '#shared/aws/secrets-manager-errors.ts';
import { RelayError } from '#shared/errors.ts';
import type { StorePace } from '#shared/limits/store-pace.ts';
import { RESERVED_MS } from '#shared/limits/waits.ts';

/**
 * Quotas that writes count against, by command. The relay keeps the pace of each separately. Source: AWS Secrets
 * Manager user guide, "Secrets Manager quotas": 50 per second for each, per account and region, not adjustable.
 */
const QUOTAS: Readonly<Record<string, string>> = {
  CreateSecretCommand: 'create',
  PutSecretValueCommand: 'update',
  UpdateSecretVersionStageCommand: 'update',
  DeleteSecretCommand: 'delete',
  RestoreSecretCommand: 'restore',
};

const MAX_BACKOFF_MS = 5000;

interface PacedClientOptions {
  /** Undefined if writes are not paced. */
  readonly pace: StorePace | undefined;
  /** Milliseconds until the invocation ends. */
  readonly remainingMs: () => number;
  /** Called for each attempt of a call. */
  readonly onCall: () => void;
  readonly sleep?: (ms: number) => Promise<unknown>;
  readonly random?: () => number;
}

/**
 * Creates a client that shares the connections of another one, keeps the pace of the store, and waits out throttling.
 *
 * The SDK repeats calls that fail for other reasons, three times at most (its standard mode). It would repeat a
 * throttled call within a second, at its own pace, and then give up. Here, inside the SDK's attempts, a throttled call
 * slows the store down and waits for its next turn until the invocation ends. A throttled call had no effect.
 */
export const createPacedClient = (
  base: SecretsManagerClient,
  { pace, remainingMs, onCall, sleep = sleepFor, random = Math.random }: PacedClientOptions,
): SecretsManagerClient => {
  const { requestHandler, region, credentials } = base.config;
  const client = new SecretsManagerClient({ requestHandler, region, credentials });
  client.middlewareStack.addRelativeTo(
    (next: FinalizeHandler<ServiceInputTypes, ServiceOutputTypes>, context: HandlerExecutionContext) =>
      async (args: FinalizeHandlerArguments<ServiceInputTypes>) => {
        const quota = QUOTAS[context.commandName ?? ''];
        for (let attempt = 1; ; attempt++) {
          if (quota !== undefined) await pace?.take(quota);
          onCall();
          try {
            return await next(args);
          } catch (error) {
            const backoffMs = random() * Math.min(MAX_BACKOFF_MS, 200 * 2 ** attempt);
            if (!isThrottled(error)) throw error;
            if (backoffMs > remainingMs() - RESERVED_MS) throw stillThrottled(context.commandName, error);
            if (quota !== undefined) await pace?.slow(quota);
            await sleep(backoffMs);
          }
        }
      },
    { relation: 'after', toMiddleware: 'retryMiddleware', name: 'paceMiddleware', override: true },
  );
  return client;
};

/** Not an error of the SDK, which would repeat the call. */
const stillThrottled = (command = 'A call', cause: unknown): RelayError =>
  new RelayError(
    'LimitReached',
    `Secrets Manager: ${command.replace(/Command$/, '')} was throttled until the function had to end. The next run delivers the item. Check which other clients of the AWS account use the quotas of Secrets Manager, or lower writesPerSecond of the store in relay.yaml.`,
    { cause },
  );
