import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { OperatorSecret, OperatorSecretOptions } from '#shared/aws/operator-secret.ts';
import type { TokenCache, TokenSource } from '#shared/aws/token-cache.ts';
import type { ConnectionConfig, RelayConfig } from '#shared/config/schema.ts';
import type { ConnectionContext, ConnectionType } from '#shared/connections/connection-type.ts';
import type { Directory } from '#shared/connections/directory.ts';
import { bootstrapSecretOf } from '#shared/connections/operator-secrets.ts';
import type { Provider } from '#shared/connections/provider.ts';
import { CONNECTION_TYPES } from '#shared/connections/registry.ts';
import type { ResourceTypes } from '#shared/connections/resource.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { type Limit, partOf } from '#shared/domain/limits/shares.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { pausing } from '#shared/http/pausing.ts';
import type { HttpProxy } from '#shared/http/tunnels.ts';
import type { Claimant } from '#shared/leases/claim-record.ts';
import { claimedRules, claiming } from '#shared/leases/claims.ts';
import { createConnectionLimit } from '#shared/limits/connection-limit.ts';
import { createGate, createOwnGate } from '#shared/limits/gate.ts';
import type { Priority } from '#shared/limits/limit-records.ts';
import { createRenewals } from '#shared/limits/renewals.ts';
import { tokenSecretName } from '#shared/names.ts';
import type { RemovableRecords } from '#shared/records/shared-record.ts';
import { countCall, remainingMs } from '#shared/runtime/invocation.ts';
import { once, releasing } from '#shared/runtime/opened.ts';

export interface ConnectionsOptions {
  readonly config: Pick<RelayConfig, 'relay' | 'connections'>;
  /** Called if a session could not be signed out. It stays open until the vault's idle timeout. */
  readonly onSignOutFailure: (error: RelayError) => void;
  /** Called if a vault refused the sign-in. The vault can also have sent a mail to its administrator. */
  readonly onSignInRefused: (connection: string) => Promise<void>;
  /** Order in which this function gets a share of a connection's limits. */
  readonly priority: Priority;
  /**
   * Records of the limits and of the claims, shared by all functions. `own`: a process outside of the stack, which
   * shares nothing and opens no leases.
   */
  readonly limits: RemovableRecords | 'own';
  /** Replaces the cache of the token that all functions share. */
  readonly tokenCacheOf?: (source: TokenSource) => TokenCache;
  /** Replaces the secrets that an operator created for signing in. */
  readonly readSecretOf?: (
    connection: string,
    options: Omit<OperatorSecretOptions, 'client'>,
  ) => Promise<OperatorSecret>;
  /** The following are replaced only in tests. */
  readonly secretsManager?: SecretsManagerClient;
  readonly types?: typeof CONNECTION_TYPES;
  readonly connectHttp?: typeof createHttp;
  readonly now?: () => number;
}

export interface Connections {
  /**
   * Returns the vault of a connection. Its calls share the limits of the connection with all other functions; this one
   * uses at most the part for one of `callers`. Connects on first use and keeps the vault for the life of the process.
   * Raises `ConfigurationInvalid`. Each of its methods can also raise `LimitReached`, and the errors of the records.
   */
  vaultOf(connection: string, callers?: number): Promise<Vault>;
  /** Returns who claims items over a connection, without connecting. */
  claimantOf(connection: string): Promise<Claimant>;
  /** Returns the directory of a connection, as {@link Connections.vaultOf} does the vault of another. */
  directoryOf(connection: string, callers?: number): Promise<Directory>;
  /** Returns the vault or the directory of a connection, for work that both can do. */
  providerOf(connection: string): Promise<Provider>;
  /** Returns the kinds of resource of a connection, without connecting. */
  resourceTypesOf(connection: string): Promise<ResourceTypes>;
  /** Returns the source's rules for a rule of relay.yaml, without connecting. */
  rulesOf(connection: string, rule: Source): Promise<SourceRules>;
}

/** Creates the connections of a configuration. */
export const createConnections = ({
  config,
  secretsManager,
  onSignOutFailure,
  onSignInRefused,
  priority,
  limits: records,
  tokenCacheOf,
  readSecretOf,
  types = CONNECTION_TYPES,
  connectHttp = createHttp,
  now = Date.now,
}: ConnectionsOptions): Connections => {
  const settingsOf = (connection: string): ConnectionConfig => {
    const settings = Object.hasOwn(config.connections, connection) ? config.connections[connection] : undefined;
    if (settings !== undefined) return settings;
    throw new RelayError('ConfigurationInvalid', `There is no connection ${connection} in the deployed relay.yaml.`);
  };

  const typeOf = async ({ type }: ConnectionConfig): Promise<ConnectionType> => {
    const load = Object.hasOwn(types, type) ? types[type] : undefined;
    if (load !== undefined) return load();
    throw new RelayError(
      'ConfigurationInvalid',
      `This version of the relay has no connection type ${type}. Deploy the stack again.`,
    );
  };

  const begin = async (connection: string, callers: number) => {
    const settings = settingsOf(connection);
    const { url, ca, proxy, limits } = settings;
    const type = await typeOf(settings);
    const wanted = partFor(priority, limits, callers);
    const timeoutMs = limits.timeoutSeconds * 1000;
    const gateOptions = { now, onCall: () => countCall('vault') };
    const shared =
      records === 'own'
        ? undefined
        : createConnectionLimit({ connection, limit: limits, wanted, timeoutMs, priority, records, remainingMs, now });
    const gate = shared === undefined ? createOwnGate(wanted, gateOptions) : createGate(shared, gateOptions);
    // Imported with the first session, because many invocations sign in to nothing.
    const { readOperatorSecret } = await import('#shared/aws/operator-secret.ts');
    const { createTokenCache } = await import('#shared/aws/token-cache.ts');
    const client = secretsManager ?? (await import('#shared/aws/secrets-manager.ts')).secretsManager();
    const readSecret: ConnectionContext['readSecret'] = (options) =>
      readSecretOf === undefined ? readOperatorSecret({ client, ...options }) : readSecretOf(connection, options);
    const httpProxy = proxy && { url: proxy.url, credentials: credentialsIn(proxy.secret, readSecret) };
    const context: ConnectionContext = {
      connection,
      connect: (options) => {
        const http = connectHttp({ connection, url, ca, proxy: httpProxy, limits, gate, remainingMs, ...options });
        return shared === undefined ? http : pausing(http, shared.pause);
      },
      readSecret,
      cacheToken: (source) =>
        tokenCacheOf === undefined
          ? createTokenCache({
              client,
              secretId: tokenSecretName(config.relay, connection),
              now,
              random: Math.random,
              newRequestToken: randomUUID,
              renewals: records === 'own' ? undefined : createRenewals({ connection, records, now }),
              ...source,
            })
          : tokenCacheOf(source),
      onSignOutFailure,
      onSignInRefused: () => onSignInRefused(connection),
      now,
    };
    return { type, settings: type.settings.parse(settings), context, gate };
  };

  const openVault = async (connection: string, callers: number): Promise<Vault> => {
    const { type, settings, context, gate } = await begin(connection, callers);
    if (type.open === undefined) throw wrongKind(connection, 'directory');
    const claims = records === 'own' ? NO_CLAIMS : records;
    const vault = await type.open(settings, context);
    const claimant = claimantIn(connection, type, settingsOf(connection));
    return releasing(claiming(vault, { ...claimant, records: claims, now, newId: randomUUID }), gate);
  };

  const openDirectory = async (connection: string, callers: number): Promise<Directory> => {
    const { type, settings, context, gate } = await begin(connection, callers);
    if (type.openDirectory === undefined) throw wrongKind(connection, 'vault');
    return releasing(await type.openDirectory(settings, context), gate);
  };

  const vaultOf = once(openVault);
  const directoryOf = once(openDirectory);
  return {
    vaultOf,
    directoryOf,
    async providerOf(connection) {
      const { open } = await typeOf(settingsOf(connection));
      return open === undefined ? directoryOf(connection) : vaultOf(connection);
    },
    async claimantOf(connection) {
      const settings = settingsOf(connection);
      return claimantIn(connection, await typeOf(settings), settings);
    },
    async resourceTypesOf(connection) {
      return (await (await typeOf(settingsOf(connection))).resources?.()) ?? {};
    },
    async rulesOf(connection, rule) {
      const { sources } = await typeOf(settingsOf(connection));
      const source = Object.hasOwn(sources, rule.source) ? sources[rule.source] : undefined;
      if (source !== undefined) return claimedRules(source.rules(rule));
      throw new RelayError('ConfigurationInvalid', `The connection ${connection} has no source ${rule.source}.`);
    },
  };
};

const claimantIn = (connection: string, type: ConnectionType, settings: ConnectionConfig): Claimant => ({
  site: new URL(settings.url).host,
  user: bootstrapSecretOf(type, settings) ?? connection,
});

const refuseClaims = () =>
  Promise.reject(new RelayError('ContractViolated', 'Only the functions of the stack open leases. Deploy the stack.'));

const NO_CLAIMS: RemovableRecords = {
  read: refuseClaims,
  replace: refuseClaims,
  list: refuseClaims,
  remove: refuseClaims,
};

/** Reads the credentials of a proxy from their secret; undefined if the proxy requires none. */
const credentialsIn = (
  secret: string | undefined,
  readSecret: ConnectionContext['readSecret'],
): HttpProxy['credentials'] =>
  secret === undefined
    ? undefined
    : {
        secret,
        read: async () => {
          // Imported on demand: few proxies have credentials.
          const { readProxyCredentials } = await import('#shared/connections/proxy-credentials.ts');
          return readProxyCredentials(readSecret, secret);
        },
      };

/** A checkout makes few calls, and other functions wait for the limits that it holds. */
const MAX_CALLS_OF_CHECKOUT = 4;

const partFor = (priority: Priority, limits: Limit, callers: number): Limit =>
  partOf(limits, priority === 'person' ? Math.max(callers, limits.inFlight / MAX_CALLS_OF_CHECKOUT) : callers);

const wrongKind = (connection: string, kind: 'vault' | 'directory'): RelayError =>
  new RelayError(
    'ConfigurationInvalid',
    kind === 'directory'
      ? `The connection ${connection} is a directory, which has no credentials. Name a vault.`
      : `The connection ${connection} is a vault, which holds no people and groups. Name a directory.`,
  );
