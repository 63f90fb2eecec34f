import type { SSMClient } from '@aws-sdk/client-ssm';
import { createParameterStore } from '#local/aws/ssm/server.ts';
import { startOpenBao } from '#local/simulators/openbao/server.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp, type Http } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { createAwsParameterStore } from '#shared/stores/aws-parameter-store/store.ts';
import { awsParameterStore } from '#shared/stores/aws-parameter-store/type.ts';
import { createKvApi } from '#shared/stores/kv-v2/api.ts';
import { createKvStore } from '#shared/stores/kv-v2/store.ts';
import { kvV2 } from '#shared/stores/kv-v2/type.ts';
import type { STORE_TYPES } from '#shared/stores/registry.ts';
import type { CrashableProcess } from '#test/support/crashable-process.ts';
import { connectInProcess } from '#test/support/parameter-store.ts';

/** Names of all stores of scenarios that deliver to several. */
export const ALL_STORES = ['parameters', 'openbao', 'aws'] as const;

const MOUNT = 'secret/data/';
const LIMITS = { inFlight: 16, perSecond: 10_000, timeoutSeconds: 30 };

/** Adds a Parameter Store and an OpenBao to a configuration. Their servers start with the relay. */
export const withOtherStores = (config: RelayConfig): RelayConfig => {
  const openbao = { type: 'kv-v2', url: 'https://127.0.0.1', auth: { role: 'pam-relay', audience: 'openbao' } };
  return {
    ...config,
    stores: {
      ...config.stores,
      parameters: awsParameterStore.settings.parse({ type: 'aws-parameter-store' }),
      openbao: kvV2.settings.parse(openbao),
    },
  };
};

/** The stores beside Secrets Manager. */
export interface CrashableStores {
  /** The store types of a process; none if the configuration names no other store. */
  readonly typesFor: (crashable: CrashableProcess) => typeof STORE_TYPES;
  /** Names of the secrets in each store, whatever their versions. */
  readonly names: () => string[];
  /** Current values in each store, by name. */
  readonly values: () => readonly Readonly<Record<string, string>>[];
  /** Names of the secrets that they have ever received. */
  readonly received: () => ReadonlySet<string>;
  /** True while every call fails. */
  isDown: boolean;
  readonly close: () => Promise<void>;
}

const NO_STORES: CrashableStores = {
  typesFor: () => ({}),
  names: () => [],
  values: () => [],
  received: () => new Set(),
  isDown: false,
  close: async () => {},
};

/** Starts the servers of the other stores if the configuration names them. */
export const startCrashableStores = async ({ stores }: RelayConfig, now: () => number): Promise<CrashableStores> => {
  if (!Object.hasOwn(stores, 'openbao')) return NO_STORES;
  const parameterStore = createParameterStore({ now });
  const openBao = await startOpenBao({ now });
  const token = { value: new Secret(openBao.rootToken) };
  const signIn = { token: async () => token, renew: async () => false };
  const direct = createHttp({
    connection: 'store openbao',
    side: 'store',
    url: openBao.url,
    ca: openBao.caPem,
    limits: LIMITS,
    sleep: async () => {},
    now,
  });
  const requireUp = (): void => {
    if (others.isDown) throw new RelayError('StoreUnavailable', 'The store is down.');
  };
  const http: Http = {
    send: async (call) => {
      requireUp();
      return direct.send(call);
    },
    close: () => direct.close(),
  };
  const connectParameters = (crashable: CrashableProcess): SSMClient =>
    connectInProcess(parameterStore, {
      around: (send) =>
        crashable.call(async () => {
          requireUp();
          return send();
        }),
    });

  const others: CrashableStores = {
    typesFor: (crashable) => ({
      'aws-parameter-store': async () => ({
        ...awsParameterStore,
        pacing: () => undefined,
        connect: (_, { owner }) => createAwsParameterStore({ client: connectParameters(crashable), owner }),
      }),
      'kv-v2': async () => ({
        ...kvV2,
        pacing: () => undefined,
        connect: (settings, { owner }) => {
          const parsed = kvV2.settings.parse(settings);
          const api = createKvApi({ http: crashable.http(http), headers: {}, now, signIn, settings: parsed });
          return createKvStore({ api, owner, settings: parsed, pace: undefined });
        },
      }),
    }),
    names: () => [...Object.keys(parameterStore.currentValues()), ...openBao.paths()],
    values: () => [
      parameterStore.currentValues(),
      Object.fromEntries(Object.entries(openBao.currentValues()).map(([path, { value }]) => [path, String(value)])),
    ],
    received: () =>
      new Set([
        ...parameterStore.calls.flatMap(({ action, result, secretId }) =>
          action === 'PutParameter' && result === 'ok' && secretId !== undefined ? [secretId] : [],
        ),
        ...openBao.audit.flatMap(({ operation, path, tookEffect, status }) =>
          operation === 'update' && path.startsWith(MOUNT) && tookEffect && status < 300
            ? [path.slice(MOUNT.length)]
            : [],
        ),
      ]),
    isDown: false,
    async close() {
      await direct.close();
      await openBao.close();
    },
  };
  return others;
};
