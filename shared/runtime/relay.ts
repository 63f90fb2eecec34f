import { createS3SharedRecords } from '#shared/aws/s3.ts';
import { readBundledConfig } from '#shared/config/runtime.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { createOpenBatches, type OpenBatches } from '#shared/limits/open-batches.ts';
import { ownerOf } from '#shared/names.ts';
import { type Connections, createConnections } from '#shared/runtime/connections.ts';
import { type Environment, readEnvironment } from '#shared/runtime/environment.ts';
import { callsSoFar, remainingMs } from '#shared/runtime/invocation.ts';
import { logger } from '#shared/runtime/log.ts';
import { emitMetrics } from '#shared/runtime/metrics.ts';
import { createStores, type Stores } from '#shared/runtime/stores.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import type { Calls } from '#shared/workflows/calls.ts';
import { sessionMark } from '#shared/workflows/grants.ts';
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
  readonly placeOf: Stores['placeOf'];
  readonly pacingOf: Stores['pacingOf'];
  readonly openBatches: OpenBatches;
  /** Calls of the current invocation so far. */
  readonly calls: () => Calls;
}

/** Creates the dependencies of functions that use vaults and stores, from the deployed configuration. */
export const createRelay = (step: Pick<Step, 'folder' | 'grants' | 'priority'>): Relay => {
  const { config, env } = readDeployment(step);
  const limits = createS3SharedRecords(env.get('RECORDS_BUCKET'));
  const priority = step.priority ?? 'fleet';
  const session = sessionMark(step.grants(config));
  const stores = createStores({ config, encryptionKey: env.find('STORE_KEY_ARN'), session, priority, limits });
  const connections = createConnections({
    config,
    onSignOutFailure: ({ name, message }) => logger.warn('signing out failed', { failure: { name, message } }),
    priority,
    limits,
    onSignInRefused: (connection) => emitMetrics(config.relay, { connection }, { SignInRefused: 1 }),
  });
  return {
    ...connections,
    config,
    env,
    storeFor: (store, rule) => stores.storeOf(store, ownerOf(env.relayId, rule)),
    storeRules: stores.rulesOf,
    placeOf: stores.placeOf,
    pacingOf: stores.pacingOf,
    calls: callsSoFar,
    openBatches: createOpenBatches({ pacingOf: stores.pacingOf, records: limits, remainingMs }),
  };
};
