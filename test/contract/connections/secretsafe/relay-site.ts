import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, PutSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { onTestFinished } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import { createFleet } from '#local/simulators/secretsafe/fleet.ts';
import {
  type SecretSafeOptions,
  type SecretSafeSimulator,
  startSecretSafe,
} from '#local/simulators/secretsafe/server.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { createTokenCache } from '#shared/aws/token-cache.ts';
import type { Directory, DirectorySession } from '#shared/connections/directory.ts';
import type { Resources } from '#shared/connections/resource.ts';
import { secretSafe } from '#shared/connections/secretsafe/type.ts';
import { createHttp } from '#shared/http/http.ts';
import { tokenSecretName } from '#shared/names.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';

const RELAY = 'pam-relay';
const CONNECTION = 'people';
const BOOTSTRAP_SECRET = 'bootstrap/secretsafe';

export interface RelaySite {
  readonly simulator: SecretSafeSimulator;
  readonly directory: Directory;
  /** Runs work in one session. */
  readonly inSession: <T>(work: (session: DirectorySession) => Promise<T>) => Promise<T>;
  /** Another process of the relay, with a cache of the same token. */
  openAgain(): Promise<Directory>;
  readonly clock: { now: number };
  /** Waits of the client before repeated calls, in milliseconds. */
  readonly waits: readonly number[];
  /** The connections that were reported as refused. */
  readonly refused: readonly string[];
  /** Writes another bootstrap secret, as an operator does. */
  putBootstrap(content: object): Promise<void>;
  /** Kinds of the calls so far, without those for tokens. */
  kinds(): readonly string[];
  /** Secrets of the organization that a text contains. */
  leaksIn(text: string): readonly string[];
}

export interface RelaySiteOptions {
  readonly site?: SecretSafeOptions;
  /** Text of the bootstrap secret. Default: the API key of the organization. */
  readonly bootstrap?: string;
  /** False: no other program manages external ids. Default: the fleet as it is. */
  readonly hasForeignIds?: boolean;
}

const SIZE = { members: 12, groups: 4, collections: 5, seed: 1 };

const fleetWithout = (): NonNullable<SecretSafeOptions['fleet']> => {
  const fleet = createFleet(SIZE);
  const unnamed = <T extends object>(rows: readonly T[]): T[] => rows.map((row) => ({ ...row, externalId: null }));
  return { ...fleet, members: unnamed(fleet.members), groups: unnamed(fleet.groups) };
};

/** The relay's full path to a simulated server, with configuration, secrets and token cache, as in a warm function. */
export const openRelaySite = async (options: RelaySiteOptions = {}): Promise<RelaySite> => {
  const clock = { now: Date.UTC(2026, 2, 1, 12) };
  const { switches, ...site } = options.site ?? {};
  const simulator = await startSecretSafe({
    fleet: options.hasForeignIds === false ? fleetWithout() : createFleet(SIZE),
    now: () => clock.now,
    // The clock stands still, so that a minute never ends.
    switches: { throttling: 'off', ...switches },
    ...site,
  });
  onTestFinished(() => simulator.close());
  const secretsManager = connectInProcess(createSecretsManager());
  const { bootstrap = JSON.stringify(simulator.apiKey()) } = options;
  await secretsManager.send(new CreateSecretCommand({ Name: BOOTSTRAP_SECRET, SecretString: bootstrap }));
  await secretsManager.send(new CreateSecretCommand({ Name: tokenSecretName(RELAY, CONNECTION) }));
  const settings = secretSafe.settings.parse({
    type: 'secretsafe',
    url: simulator.url,
    ca: simulator.caPem,
    authentication: { bootstrapSecret: BOOTSTRAP_SECRET },
  });
  const waits: number[] = [];
  const refused: string[] = [];
  const { url, ca, limits } = settings;
  const open = (): Promise<Directory> =>
    secretSafe.openDirectory(settings, {
      connection: CONNECTION,
      connect: (more) => {
        const http = createHttp({
          connection: CONNECTION,
          url,
          ca,
          // The pace is that of the connection's limits, which have tests of their own.
          limits: { ...limits, perSecond: 10_000 },
          sleep: async (ms) => {
            waits.push(ms);
            clock.now += ms;
          },
          now: () => clock.now,
          ...more,
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
          ...source,
        }),
      onSignOutFailure: (error) => {
        throw error;
      },
      onSignInRefused: async () => void refused.push(CONNECTION),
      now: () => clock.now,
    });
  const directory = await open();
  return {
    simulator,
    directory,
    inSession: (work) => directory.session(work),
    openAgain: open,
    clock,
    waits,
    refused,
    putBootstrap: async (content) => {
      const SecretString = JSON.stringify(content);
      await secretsManager.send(new PutSecretValueCommand({ SecretId: BOOTSTRAP_SECRET, SecretString }));
    },
    kinds: () => simulator.audit.map(({ kind }) => kind).filter((kind) => kind !== 'token'),
    leaksIn: (text) => simulator.secrets().filter((secret) => text.includes(secret)),
  };
};

/** A site with the kinds of resource of one session, which ends with the test. */
export const openResourceSite = async (options?: RelaySiteOptions): Promise<RelaySite & { resources: Resources }> => {
  const site = await openRelaySite(options);
  const opened = Promise.withResolvers<Resources>();
  const ended = Promise.withResolvers<void>();
  const session = site.inSession(async ({ resources }) => {
    opened.resolve(await resources());
    await ended.promise;
  });
  onTestFinished(async () => {
    ended.resolve();
    await session;
  });
  const resources = await Promise.race([opened.promise, session.then(() => Promise.reject(new Error('ended')))]);
  return { ...site, resources };
};
