import { readBundledConfig } from '#shared/config/runtime.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { ownerOf } from '#shared/names.ts';
import { type Connections, createConnections } from '#shared/runtime/connections.ts';
import { type Environment, readEnvironment } from '#shared/runtime/environment.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createStores, type Stores } from '#shared/runtime/stores.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Step } from '#shared/workflows/step.ts';

/** Reads the deployed configuration and the environment of a step's function. */
export const readDeployment = (step: Pick<Step, 'folder' | 'grants'>): { config: RelayConfig; env: Environment } => {
  const config = readBundledConfig();
  return { config, env: readEnvironment(step, config) };
};

export interface Relay extends Connections {
  readonly config: RelayConfig;
  readonly env: Environment;
  /** Store of a rule, limited to the secrets that the rule owns. */
  storeFor(store: string, rule: string): Promise<SecretStore>;
  readonly storeRules: Stores['rulesOf'];
}

/** Creates the dependencies of functions that use vaults and stores, from the deployed configuration. */
export const createRelay = (step: Pick<Step, 'folder' | 'grants'>): Relay => {
  const { config, env } = readDeployment(step);
  const stores = createStores({ config, encryptionKey: env.find('STORE_KEY_ARN') });
  const connections = createConnections({
    config,
    onSignOutFailure: ({ name, message }) => logger.warn('signing out failed', { failure: { name, message } }),
    onSignInRefused: (connection) => emitMetrics(config.relay, { connection }, { SignInRefused: 1 }),
  });
  return {
    ...connections,
    config,
    env,
    storeFor: (store, rule) => stores.storeOf(store, ownerOf(env.relayId, rule)),
    storeRules: stores.rulesOf,
  };
};
