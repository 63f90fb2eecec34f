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
  /** Told when a session could not be signed out: it stays open until the vault ends it for idleness. */
  readonly onSignOutFailure: (error: RelayError) => void;
  /** Told when a vault refused to sign in, which it may have mailed to its administrator, too. */
  readonly onSignInRefused: (connection: string) => Promise<void>;
  /** The rest is replaced in tests only. */
  readonly secretsManager?: SecretsManagerClient;
  readonly types?: typeof CONNECTION_TYPES;
  readonly connectHttp?: typeof createHttp;
  readonly now?: () => number;
}

export interface Connections {
  /**
   * The vault of a connection, for one of `share` callers at the same time: it keeps to its part of the limits. Connected when
   * it is first needed, and then kept for the life of the process. Raises `ConfigurationInvalid`.
   */
  vaultOf(connection: string, share?: number): Promise<Vault>;
  /** What follows from a rule that reads from a connection. Connects nothing. */
  rulesOf(connection: string, rule: Source): Promise<SourceRules>;
}

/** The connections of a configuration. */
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
      `The relay knows no connections of type ${type}. Deploy the stack again.`,
    );
  };

  const open = async (connection: string, share: number): Promise<Vault> => {
    const settings = settingsOf(connection);
    const { url, ca, limits } = settings;
    const type = await typeOf(settings);
    // Imported with the first session: many an invocation has nothing to sign in to.
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

/** Batches run in processes of their own, which can't count each other's calls: each keeps to its share. */
const shareOf = ({ inFlight, perSecond, timeoutSeconds }: ConnectionConfig['limits'], share: number) => ({
  inFlight: Math.max(1, Math.floor(inFlight / share)),
  perSecond: Math.max(1, Math.floor(perSecond / share)),
  timeoutSeconds,
});
