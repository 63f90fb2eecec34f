import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { type SraOptions, type SraSimulator, startSra } from '#local/simulators/sra/server.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { createTokenCache } from '#shared/aws/token-cache.ts';
import { sra } from '#shared/connections/sra/type.ts';
import type { Vault, VendorAccess } from '#shared/connections/vault.ts';
import { createHttp, type HttpOptions } from '#shared/http/http.ts';
import { createRenewals } from '#shared/limits/renewals.ts';
import { tokenSecretName } from '#shared/names.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

const RELAY = 'pam-relay';
const CONNECTION = 'pra';
const BOOTSTRAP_SECRET = 'bootstrap/pra';

const { clientId, clientSecret } = DEFAULT_API_ACCOUNT;

interface RelaySite {
  readonly simulator: SraSimulator;
  readonly vault: Vault<VendorAccess>;
  /** Another process of the relay, with a cache of the same token. */
  openAgain(): Promise<Vault<VendorAccess>>;
  readonly clock: { now: number };
  /** Waits of the client before repeated calls, in milliseconds. */
  readonly waits: readonly number[];
  /** The connections that were reported as refused. */
  readonly refused: readonly string[];
  /** Writes another bootstrap secret, as an operator does. */
  putBootstrap(content: object): Promise<void>;
}

export interface RelaySiteOptions {
  readonly site?: SraOptions;
  readonly http?: Partial<HttpOptions>;
  /** Text of the bootstrap secret. Default: that of the default API account. */
  readonly bootstrap?: string;
}

/** The relay's full path to a simulated site, with configuration, secrets and token cache, as in a warm function. */
export const openRelaySite = async (options: RelaySiteOptions = {}): Promise<RelaySite> => {
  const clock = { now: Date.UTC(2026, 2, 1, 12) };
  const { switches, ...site } = options.site ?? {};
  const simulator = await startSra({
    now: () => clock.now,
    // The clock stands still, so that a second never ends.
    switches: { callsPerSecond: Number.POSITIVE_INFINITY, ...switches },
    ...site,
  });
  onTestFinished(() => simulator.close());
  const secretsManager = connectInProcess(createSecretsManager());
  const { bootstrap = JSON.stringify({ clientId, clientSecret }) } = options;
  await secretsManager.send(new CreateSecretCommand({ Name: BOOTSTRAP_SECRET, SecretString: bootstrap }));
  await secretsManager.send(new CreateSecretCommand({ Name: tokenSecretName(RELAY, CONNECTION) }));
  const settings = sra.settings.parse({
    type: 'sra',
    url: simulator.url,
    ca: simulator.caPem,
    authentication: { bootstrapSecret: BOOTSTRAP_SECRET },
    limits: { inFlight: 20, perSecond: 20 },
  });
  const waits: number[] = [];
  const refused: string[] = [];
  const records = memorySharedRecords();
  const { url, ca, limits } = settings;
  const open = (): Promise<Vault<VendorAccess>> =>
    sra.open(settings, {
      connection: CONNECTION,
      connect: () => {
        const http = createHttp({
          connection: CONNECTION,
          url,
          ca,
          // The pace is that of the connection's limits, which have tests of their own.
          limits: { ...limits, perSecond: 10_000 },
          sleep: async (ms) => waits.push(ms),
          now: () => clock.now,
          ...options.http,
        });
        onTestFinished(() => http.close());
        return http;
      },
      readSecret: (secret) => readOperatorSecret({ client: secretsManager, ...secret }),
      cacheToken: (source) =>
        createTokenCache({
          client: secretsManager,
          secretId: tokenSecretName(RELAY, CONNECTION),
          now: () => clock.now,
          random: Math.random,
          newRequestToken: randomUUID,
          renewals: createRenewals({
            connection: CONNECTION,
            records,
            now: () => clock.now,
            sleep: () => setImmediate(),
          }),
          ...source,
        }),
      onSignOutFailure: (error) => {
        throw error;
      },
      onSignInRefused: async () => void refused.push(CONNECTION),
      now: () => clock.now,
    });
  return {
    simulator,
    vault: await open(),
    openAgain: open,
    clock,
    waits,
    refused,
    putBootstrap: async (content) => {
      const SecretString = JSON.stringify(content);
      await secretsManager.send(new PutSecretValueCommand({ SecretId: BOOTSTRAP_SECRET, SecretString }));
    },
  };
};
