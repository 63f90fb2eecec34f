import { randomUUID } from 'node:crypto';
import type { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { createTokenCache, type TokenCache } from '#shared/cache/token-cache.ts';
import {
  type Authenticator,
  apiKeyAuthenticator,
  oauthAuthenticator,
} from '#shared/clients/password-safe/authentication.ts';
import { BOOTSTRAP_SHAPES, type Bootstraps, parseBootstrap } from '#shared/clients/password-safe/bootstrap.ts';
import { createPasswordSafe } from '#shared/clients/password-safe/client.ts';
import { requestToken } from '#shared/clients/password-safe/token.ts';
import type { Vault } from '#shared/clients/password-safe/vault.ts';
import type { ConnectionConfig, RelayConfig } from '#shared/config/schema.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { RelayError } from '#shared/errors.ts';
import { createHttp } from '#shared/http/http.ts';
import { tokenSecretName } from '#shared/names.ts';
import { readBootstrapSecret } from '#shared/runtime/bootstrap-secret.ts';
import { type CurrentHttp, connectCurrent } from '#shared/runtime/current-http.ts';

export interface VaultsOptions {
  readonly config: Pick<RelayConfig, 'relay' | 'connections' | 'syncs'>;
  readonly secretsManager: SecretsManagerClient;
  /** Told when a session could not be signed out: it stays open until the vault ends it for idleness. */
  readonly onSignOutFailure: (error: RelayError) => void;
  /** Told when a vault refused to sign in, which it has mailed to its administrator, too. */
  readonly onSignInRefused: (connection: string) => Promise<void>;
  /** Both are replaced in tests only. */
  readonly connectHttp?: typeof createHttp;
  readonly now?: () => number;
}

export interface Vaults {
  /** The vault of a sync, for one batch among as many as the sync runs at once: it gets its share of the limits. */
  forBatch(sync: string): Vault;
  /** The vault of a sync, for a step that is alone at its time. */
  forSync(sync: string): Vault;
  /** The vault of a connection, whatever the sync. */
  ofConnection(connection: string): Vault;
  /** Makes sure that signing in works: a fresh OAuth token, or one sign-in with the API key. */
  ensureSignIn(connection: string): Promise<{ expiresAt: string | null }>;
}

/** The vaults of a configuration, each connected when it is first needed, and then kept for the life of the process. */
export const connectVaults = ({
  config,
  secretsManager,
  onSignOutFailure,
  onSignInRefused,
  connectHttp = createHttp,
  now = Date.now,
}: VaultsOptions): Vaults => {
  const connect = remember((connection: string, share: number): Connected => {
    const settings = config.connections[connection];
    if (settings === undefined) {
      throw new RelayError('ConfigurationInvalid', `There is no connection ${connection} in the deployed relay.yaml.`);
    }
    const { url, ca, authentication } = settings;
    const http = connectCurrent({
      secretsManager,
      certificateSecret: authentication.clientCertificate?.secret,
      connect: (clientCertificate) =>
        connectHttp({ connection, url, ca, clientCertificate, limits: shareOf(settings.limits, share) }),
    });
    const tokens = authentication.type === 'oauth' ? cacheTokens(connection, settings, http) : undefined;
    const session = {
      connection,
      authenticator: authenticate(connection, settings, tokens),
      pushSeconds: authentication.type === 'api-key' ? authentication.pushSeconds : undefined,
      onSignOutFailure,
    };
    const vault: Vault = {
      withSession: (work) =>
        noticing(connection, async () => createPasswordSafe({ ...session, http: await http() }).withSession(work)),
    };
    return { tokens, vault };
  });

  const noticing = async <T>(connection: string, signIn: () => Promise<T>): Promise<T> => {
    try {
      return await signIn();
    } catch (error) {
      if (error instanceof RelayError && error.name === 'SignInRefused') await onSignInRefused(connection);
      throw error;
    }
  };

  const readBootstrap = async <Type extends keyof Bootstraps>(type: Type, connection: string, name: string) => {
    const { value, versionId } = await readBootstrapSecret({
      client: secretsManager,
      name,
      shape: BOOTSTRAP_SHAPES[type],
    });
    return { content: parseBootstrap(type, value, connection), versionId };
  };

  const cacheTokens = (connection: string, { authentication }: ConnectionConfig, http: CurrentHttp): TokenCache => {
    const read = () => readBootstrap('oauth', connection, authentication.bootstrapSecret);
    return createTokenCache({
      client: secretsManager,
      secretId: tokenSecretName(config.relay, connection),
      now,
      random: Math.random,
      fetchToken: async () => requestToken({ http: await http(), ...(await read()).content }),
      bootstrapVersion: async () => (await read()).versionId,
      newRequestToken: randomUUID,
    });
  };

  const authenticate = (
    connection: string,
    { authentication }: ConnectionConfig,
    tokens: TokenCache | undefined,
  ): Authenticator => {
    const showsCertificate = authentication.clientCertificate !== undefined;
    if (authentication.type === 'oauth' && tokens !== undefined) {
      return oauthAuthenticator({ connection, tokens, runAs: authentication.runAs, showsCertificate });
    }
    return {
      factors: async () => {
        const { content } = await readBootstrap('api-key', connection, authentication.bootstrapSecret);
        return apiKeyAuthenticator({ connection, ...content, showsCertificate, now }).factors();
      },
    };
  };

  const syncOf = (sync: string) => syncNamed(config.syncs, sync);

  return {
    forBatch: (sync) => connect(syncOf(sync).connection, syncOf(sync).concurrency).vault,
    forSync: (sync) => connect(syncOf(sync).connection, 1).vault,
    ofConnection: (connection) => connect(connection, 1).vault,
    async ensureSignIn(connection) {
      const { tokens, vault } = connect(connection, 1);
      if (tokens !== undefined) return noticing(connection, () => tokens.ensure());
      await vault.withSession(async () => {});
      return { expiresAt: null };
    },
  };
};

interface Connected {
  readonly vault: Vault;
  readonly tokens: TokenCache | undefined;
}

/** Batches run in processes of their own, which can't count each other's calls: each keeps to its share. */
const shareOf = ({ inFlight, perSecond, timeoutSeconds }: ConnectionConfig['limits'], share: number) => ({
  inFlight: Math.max(1, Math.floor(inFlight / share)),
  perSecond: Math.max(1, Math.floor(perSecond / share)),
  timeoutSeconds,
});

const remember = <T>(make: (connection: string, share: number) => T): ((connection: string, share: number) => T) => {
  const made = new Map<string, T>();
  return (connection, share) => {
    const key = `${connection}/${share}`;
    const known = made.get(key) ?? make(connection, share);
    made.set(key, known);
    return known;
  };
};
