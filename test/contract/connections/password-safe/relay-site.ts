import { randomUUID } from 'node:crypto';
import { CreateSecretCommand, PutSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type Dispatcher, Pool } from 'undici';
import { onTestFinished } from 'vitest';
import { createSecretsManager } from '#local/aws/secrets-manager/server.ts';
import {
  type PasswordSafeOptions,
  type PasswordSafeSimulator,
  startPasswordSafe,
} from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION } from '#local/simulators/password-safe/users.ts';
import { readOperatorSecret } from '#shared/aws/operator-secret.ts';
import { createTokenCache } from '#shared/aws/token-cache.ts';
import type { Pairs } from '#shared/connections/password-safe/settings.ts';
import { passwordSafe } from '#shared/connections/password-safe/type.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { createHttp, type HttpOptions } from '#shared/http/http.ts';
import { claiming } from '#shared/leases/claims.ts';
import { tokenSecretName } from '#shared/names.ts';
import { memorySharedRecords } from '#test/support/fakes.ts';
import { connectInProcess } from '#test/support/secrets-manager.ts';
import { leasesOf } from './site.ts';

const RELAY = 'pam-relay';
const CONNECTION = 'corp-vault';
export const BOOTSTRAP_SECRET = 'bootstrap/vault';
export const CERTIFICATE_SECRET = 'bootstrap/vault-certificate';

const { oauth, apiKey, userName } = DEFAULT_APPLICATION;

/** Contents of the bootstrap secrets of the default application user. */
export const KEY_BOOTSTRAP = { apiKey: apiKey.key, runAs: userName };
export const OAUTH_BOOTSTRAP = { clientId: oauth.clientId, clientSecret: oauth.clientSecret };

/** A secret's value: bytes as they are, text as it is, anything else as JSON. */
type Content = Uint8Array | string | object;

export interface RelaySiteOptions {
  readonly site?: PasswordSafeOptions;
  /** `authentication` of relay.yaml, without the bootstrap secret. Defaults to an API key. */
  readonly authentication?: {
    readonly type: 'oauth' | 'api-key';
    readonly runAs?: string;
    readonly pushSeconds?: number;
  };
  /** `pairs` of relay.yaml. */
  readonly pairs?: Pairs;
  /** Content of the bootstrap secret, or null for none. Defaults to that of the default application user. */
  readonly bootstrap?: Content | null;
  /** Content of the client certificate's secret, or a function that returns it. No certificate if omitted. */
  readonly certificate?: Content | ((simulator: PasswordSafeSimulator) => Promise<Content>);
  readonly http?: Partial<HttpOptions>;
  /** Change that a proxy between relay and vault makes to the headers of each request. */
  readonly between?: (headers: Headers) => void;
}

export interface RelaySite {
  readonly simulator: PasswordSafeSimulator;
  readonly vault: Vault;
  readonly clock: { now: number };
  /** Waits of the client before repeated calls, in milliseconds. */
  readonly waits: readonly number[];
  /** Deadlines of the client's calls, in milliseconds. */
  readonly deadlines: readonly number[];
  /** The connections that were reported as refused. */
  readonly refused: readonly string[];
  /** Opens a session, does something in it, and closes it. */
  use(): Promise<void>;
  /** Writes another value into a secret, as an operator does. */
  put(name: string, content: Content): Promise<void>;
}

const fieldsOf = (content: Content) => {
  if (content instanceof Uint8Array) return { SecretBinary: content };
  return { SecretString: typeof content === 'string' ? content : JSON.stringify(content) };
};

const create = (client: SecretsManagerClient, name: string, content?: Content) =>
  client.send(new CreateSecretCommand({ Name: name, ...(content !== undefined && fieldsOf(content)) }));

/** Connections through a proxy that changes the headers. */
const through = (change: (headers: Headers) => void, { url, caPem }: PasswordSafeSimulator): Dispatcher => {
  const pool = new Pool(new URL(url).origin, { connect: { ca: caPem } });
  onTestFinished(() => pool.destroy());
  return pool.compose((dispatch) => (options, handler) => {
    const headers = new Headers(Object.entries(options.headers ?? {}));
    change(headers);
    return dispatch({ ...options, headers: Object.fromEntries(headers) }, handler);
  });
};

/** The relay's full path to a simulated vault, with configuration, secrets and token cache, as in a warm function. */
export const openRelaySite = async (options: RelaySiteOptions = {}): Promise<RelaySite> => {
  const { authentication = { type: 'api-key' }, certificate } = options;
  const clock = { now: Date.UTC(2026, 2, 1, 12) };
  const simulator = await startPasswordSafe({ now: () => clock.now, ...options.site });
  onTestFinished(() => simulator.close());
  const secretsManager = connectInProcess(createSecretsManager());
  const { bootstrap = authentication.type === 'oauth' ? OAUTH_BOOTSTRAP : KEY_BOOTSTRAP } = options;
  if (bootstrap !== null) await create(secretsManager, BOOTSTRAP_SECRET, bootstrap);
  await create(secretsManager, tokenSecretName(RELAY, CONNECTION));
  if (certificate !== undefined) {
    const content = typeof certificate === 'function' ? await certificate(simulator) : certificate;
    await create(secretsManager, CERTIFICATE_SECRET, content);
  }
  const settings = passwordSafe.settings.parse({
    type: 'password-safe',
    url: simulator.url,
    ca: simulator.caPem,
    pairs: options.pairs,
    authentication: {
      ...authentication,
      bootstrapSecret: BOOTSTRAP_SECRET,
      ...(certificate !== undefined && { clientCertificate: { secret: CERTIFICATE_SECRET } }),
    },
  });
  const waits: number[] = [];
  const deadlines: number[] = [];
  const refused: string[] = [];
  const { url, ca, limits } = settings;
  const opened = await passwordSafe.open(settings, {
    connection: CONNECTION,
    connect: ({ clientCertificate } = {}) => {
      const http = createHttp({
        connection: CONNECTION,
        url,
        ca,
        limits,
        clientCertificate,
        sleep: async (ms) => waits.push(ms),
        now: () => clock.now,
        deadline: (ms) => {
          deadlines.push(ms);
          return new AbortController().signal;
        },
        ...options.http,
        ...(options.between !== undefined && { dispatcher: through(options.between, simulator) }),
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
  const vault = claiming(opened, {
    ...{ site: 'vault', user: CONNECTION },
    records: memorySharedRecords(),
    now: () => clock.now,
    newId: randomUUID,
  });
  return {
    simulator,
    vault,
    clock,
    waits,
    deadlines,
    refused,
    use: () =>
      vault.session(async (session) => {
        await leasesOf(session).held();
      }),
    put: async (name, content) => {
      await secretsManager.send(new PutSecretValueCommand({ SecretId: name, ...fieldsOf(content) }));
    },
  };
};
