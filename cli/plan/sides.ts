import type { PlanSides } from '#functions/sync/plan/plan-rule.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { secretsManager } from '#shared/aws/secrets-manager.ts';
import { ownOf } from '#shared/config/checkable.ts';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { ownerOf } from '#shared/names.ts';
import type { SharedRecords } from '#shared/records/shared-record.ts';
import { createConnections } from '#shared/runtime/connections.ts';
import { createStores } from '#shared/runtime/stores.ts';
import { createOwnToken, createReadSecret } from './credentials.ts';

export interface SidesOptions {
  readonly config: RelayConfig;
  readonly relayId: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly credentialsSecret: string | undefined;
  /** Called with a line about something that the plan does not fail for. */
  readonly onNotice: (line: string) => void;
}

/** The calls come on top of those of the stack, whose limits the command does not share: a quarter of them at most. */
const MIN_CALLERS = 4;

/** A plan writes nothing, so it needs neither the pace of a store nor the records of limits. */
const NO_RECORDS: SharedRecords = {
  read: async () => {
    throw new RelayError('ContractViolated', 'A plan must not read the limits of the stack.');
  },
  replace: async () => {
    throw new RelayError('ContractViolated', 'A plan must not write to the stack.');
  },
};

/** Both sides of the syncs of a relay.yaml, for a process outside of the stack that only reads. */
export const createSides = ({ config, relayId, environment, credentialsSecret, onNotice }: SidesOptions): PlanSides => {
  const stores = createStores({
    config,
    encryptionKey: undefined,
    session: 'plan',
    priority: 'fleet',
    limits: NO_RECORDS,
  });
  const connections = createConnections({
    config,
    priority: 'fleet',
    limits: 'own',
    tokenCacheOf: createOwnToken,
    readSecretOf: createReadSecret({
      environment,
      credentialsSecret,
      bootstrapSecretOf: (connection) => bootstrapSecretIn(config, connection),
      readSecret: (options) => readOperatorSecret({ client: secretsManager(), ...options }),
    }),
    onSignOutFailure: ({ message }) => onNotice(`The session stays open until the vault ends it. ${message}`),
    onSignInRefused: async () => {},
  });
  return {
    config,
    vaultOf: (connection, callers) => connections.vaultOf(connection, Math.max(MIN_CALLERS, callers)),
    rulesOf: connections.rulesOf,
    storeFor: (store, rule) => stores.storeOf(store, ownerOf(relayId, rule)),
    storeRules: stores.rulesOf,
    pacingOf: stores.pacingOf,
  };
};

/** The first of the secrets that a type of connection needs is the one with the credentials. */
const bootstrapSecretIn = ({ connections }: RelayConfig, connection: string): string | undefined => {
  const settings = ownOf(connections, connection);
  const type = settings && ownOf(REGISTERED_TYPES.connections, settings.type);
  return type?.operatorSecrets(type.settings.parse(settings))[0]?.secret;
};
