import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import type { ConnectionConfig, RelayConfig } from '#shared/config/schema.ts';
import type { ConnectionType } from '#shared/connections/connection-type.ts';
import { CONNECTION_TYPES } from '#shared/connections/registry.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { Source, Vault } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { tokenSecretName } from '#shared/names.ts';

export interface ConnectionsOptions {
  readonly config: Pick<RelayConfig, 'relay' | 'connections'>;
  /** Called if a session could not be signed out. It stays open until the vault's idle timeout. */
  readonly onSignOutFailure: (error: RelayError) => void;
  /** Called if a vault refused the sign-in. The vault can also have sent a mail to its administrator. */
  readonly onSignInRefused: (connection: string) => Promise<void>;
  /** The following are replaced only in tests. */
  readonly secretsManager?: SecretsManagerClient;
  readonly types?: typeof CONNECTION_TYPES;
  readonly connectHttp?: typeof createHttp;
  readonly now?: () => number;
}

export interface Connections {
  /**
   * Returns the vault of a connection, with the limits divided by `share`, the number of concurrent callers. Connects
   * on first use and keeps the vault for the life of the process. Raises `ConfigurationInvalid`.
   */
  vaultOf(connection: string, share?: number): Promise<Vault>;
  /** Returns the source's rules for a rule of relay.yaml, without connecting. */
  rulesOf(connection: string, rule: Source): Promise<SourceRules>;
}

/** Creates the connections of a configuration. */
export const createConnections = ({
  config,
  secretsManager,
  onSignOutFailure,
  onSignInRefused,
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

  const open = async (connection: string, share: number): Promise<Vault> => {
    const settings = settingsOf(connection);
    const { url, ca, limits } = settings;
    const type = await typeOf(settings);
    // Imported with the first session, because many invocations sign in to nothing.
    const { readOperatorSecret } = await import('#shared/aws/operator-secret.ts');
    const { createTokenCache } = await import('#shared/aws/token-cache.ts');
    const client = secretsManager ?? (await import('#shared/aws/secrets-manager.ts')).secretsManager();
    return type.open(type.settings.parse(settings), {
      connection,
      connect: (clientCertificate) =>
        connectHttp({ connection, url, ca, clientCertificate, limits: shareOf(limits, share) }),
      readSecret: (options) => readOperatorSecret({ client, ...options }),
      cacheToken: (source) =>
        createTokenCache({
          client,
          secretId: tokenSecretName(config.relay, connection),
          now,
          random: Math.random,
          newRequestToken: randomUUID,
          ...source,
        }),
      onSignOutFailure,
      onSignInRefused: () => onSignInRefused(connection),
      now,
    });
  };

  const opened = new Map<string, Promise<Vault>>();
  return {
    vaultOf(connection, share = 1) {
      const key = `${connection}/${share}`;
      const known = opened.get(key) ?? open(connection, share);
      opened.set(key, known);
      return known;
    },
    async rulesOf(connection, rule) {
      const { sources } = await typeOf(settingsOf(connection));
      const source = Object.hasOwn(sources, rule.source) ? sources[rule.source] : undefined;
      if (source !== undefined) return source.rules(rule);
      throw new RelayError('ConfigurationInvalid', `The connection ${connection} has no source ${rule.source}.`);
    },
  };
};

/** Batches run in separate processes that cannot count each other's calls, so each gets a share of the limits. */
const shareOf = ({ inFlight, perSecond, timeoutSeconds }: ConnectionConfig['limits'], share: number) => ({
  inFlight: Math.max(1, Math.floor(inFlight / share)),
  perSecond: Math.max(1, Math.floor(perSecond / share)),
  timeoutSeconds,
});
