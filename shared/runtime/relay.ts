import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsClientConfig } from '#shared/aws.ts';
import { readBundledConfig } from '#shared/config/runtime.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { renderingOf } from '#shared/config/sync-rules.ts';
import type { Rendering } from '#shared/domain/rendering.ts';
import { ownerOf } from '#shared/names.ts';
import type { CheckoutRecord } from '#shared/records/checkout-record.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { connectVaults, type Vaults } from '#shared/runtime/vaults.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager.ts';
import type { SecretStore } from '#shared/stores/store.ts';

export interface Relay {
  readonly config: RelayConfig;
  readonly vaults: Vaults;
  readonly storeFor: (sync: string) => SecretStore;
  readonly storeForCheckout: (record: CheckoutRecord) => SecretStore;
  readonly renderingFor: (sync: string) => Rendering;
}

/** What the functions that talk to vaults and stores are wired with, made from the configuration that was deployed. */
export const createRelay = (environment: { RELAY_ID: string; STORE_KMS_KEY_ARN?: string }): Relay => {
  const config = readBundledConfig();
  const secretsManager = new SecretsManagerClient(awsClientConfig());
  const syncOf = (sync: string) => syncNamed(config.syncs, sync);
  const storeOf = (owner: string, store: string) =>
    createAwsSecretsManagerStore({
      client: secretsManager,
      owner: ownerOf(environment.RELAY_ID, owner),
      kmsKeyArn: config.stores[store]?.kmsKeyArn ?? environment.STORE_KMS_KEY_ARN,
    });
  return {
    config,
    vaults: connectVaults({
      config,
      secretsManager,
      onSignOutFailure: ({ name, message }) => logger.warn('signing out failed', { failure: { name, message } }),
      onSignInRefused: (connection) => emitMetrics(config.relay, { connection }, { SignInRefused: 1 }),
    }),
    storeFor: (sync) => storeOf(sync, syncOf(sync).store),
    storeForCheckout: ({ order, rule }) => storeOf(order.checkout, rule.store),
    renderingFor: (sync) => renderingOf(syncOf(sync)),
  };
};
