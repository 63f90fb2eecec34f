import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { awsClientConfig } from '#shared/aws.ts';
import { readBundledConfig } from '#shared/config/runtime.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { createRendering, type Rendering } from '#shared/domain/rendering.ts';
import { ownerOf } from '#shared/names.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { connectVaults, type Vaults } from '#shared/runtime/vaults.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager.ts';
import type { SecretStore } from '#shared/stores/store.ts';

export interface Relay {
  readonly config: RelayConfig;
  readonly vaults: Vaults;
  readonly storeFor: (sync: string) => SecretStore;
  readonly renderingFor: (sync: string) => Rendering;
}

/** What the functions that talk to vaults and stores are wired with, made from the configuration that was deployed. */
export const createRelay = (environment: { RELAY_ID: string; STORE_KMS_KEY_ARN?: string }): Relay => {
  const config = readBundledConfig();
  const secretsManager = new SecretsManagerClient(awsClientConfig());
  const syncOf = (sync: string) => syncNamed(config.syncs, sync);
  return {
    config,
    vaults: connectVaults({
      config,
      secretsManager,
      onSignOutFailure: ({ name, message }) => logger.warn('signing out failed', { failure: { name, message } }),
      onSignInRefused: (connection) => emitMetrics(config.relay, { connection }, { SignInRefused: 1 }),
    }),
    storeFor: (sync) =>
      createAwsSecretsManagerStore({
        client: secretsManager,
        owner: ownerOf(environment.RELAY_ID, sync),
        kmsKeyArn: config.stores[syncOf(sync).store]?.kmsKeyArn ?? environment.STORE_KMS_KEY_ARN,
      }),
    renderingFor: (sync) => createRendering(syncOf(sync).value),
  };
};
