import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { createAwsSecretsManagerStore } from '#shared/stores/aws-secrets-manager/store.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';
import { HERE, interceptedBy, noWait, operatorOf } from './secrets-manager-operator.ts';
import type { StoreBench } from './store-scene.ts';

export const REPLICA = 'eu-west-1';
/** A store with replicas, and clients of both regions. */
export const replicated = (options: Parameters<typeof createSecretsManager>[0] = {}, regions = [REPLICA]) => {
  const manager = createSecretsManager(options);
  const owner = `relay.${HERE}.eu-central-1/web`;
  const connect = (region?: string) => connectInProcess(manager, region === undefined ? {} : { region });
  const store = createAwsSecretsManagerStore({
    client: connect(),
    owner,
    sleep: noWait,
    replicas: {
      regions: regions.map((region) => ({ region, kmsKeyArn: undefined })),
      clientIn: connect,
    },
  });
  const plain = createAwsSecretsManagerStore({ client: connect(), owner, sleep: noWait });
  return {
    manager,
    owner,
    store,
    plain,
    connect,
    there: (name: string) => manager.currentValues(HERE, REPLICA)[name],
  };
};

/** Secrets Manager with a replica of each secret. */
export const REPLICAS_BENCH: StoreBench = {
  rules: awsSecretsManagerRules,
  async open() {
    const manager = createSecretsManager();
    const connect = (region?: string) => connectInProcess(manager, region === undefined ? {} : { region });
    const regions = [{ region: REPLICA, kmsKeyArn: undefined }];
    return {
      connect: (owner) =>
        createAwsSecretsManagerStore({
          client: connect(),
          owner,
          replicas: { regions, clientIn: connect },
          sleep: noWait,
        }),
      ...interceptedBy((options, owner) => {
        const via = (region?: string) =>
          connectInProcess(manager, { ...options, ...(region !== undefined && { region }) });
        return createAwsSecretsManagerStore({
          client: via(),
          owner,
          replicas: { regions, clientIn: via },
          sleep: noWait,
        });
      }),
      ...operatorOf(connect()),
      // A restored secret has no replica any more, so both regions are read as they are.
      readable: async (name) =>
        [manager.currentValues()[name] ?? [], manager.currentValues(HERE, REPLICA)[name] ?? []].flat(),
      everythingVisible: async () => JSON.stringify(manager.calls),
    };
  },
};
