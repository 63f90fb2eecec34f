import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { connectCurrent } from '#shared/connections/current-http.ts';
import {
  type Authenticator,
  apiKeyAuthenticator,
  oauthAuthenticator,
} from '#shared/connections/password-safe/authentication.ts';
import { BOOTSTRAP_SHAPES, type Bootstraps, parseBootstrap } from '#shared/connections/password-safe/bootstrap.ts';
import { readBootstrapSecret } from '#shared/connections/password-safe/bootstrap-secret.ts';
import type { PasswordSafeSettings } from '#shared/connections/password-safe/settings.ts';
import { requestToken } from '#shared/connections/password-safe/token.ts';
import { createPasswordSafe } from '#shared/connections/password-safe/vault.ts';
import type { Vault } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** Opens a Password Safe with the authentication of relay.yaml and its bootstrap secret. Connects on first use. */
export const openPasswordSafe = (
  { authentication, pairs }: PasswordSafeSettings,
  context: ConnectionContext,
): Vault => {
  const { connection, readSecret, now } = context;
  const { bootstrapSecret, clientCertificate } = authentication;
  const http = connectCurrent({
    readSecret,
    certificateSecret: clientCertificate?.secret,
    connect: context.connect,
  });

  const readBootstrap = async <Type extends keyof Bootstraps>(
    type: Type,
  ): Promise<{ readonly content: Bootstraps[Type]; readonly versionId: string }> => {
    const { value, versionId, origin } = await readBootstrapSecret(readSecret, {
      name: bootstrapSecret,
      shape: BOOTSTRAP_SHAPES[type],
    });
    return { content: parseBootstrap(type, value, connection, origin), versionId };
  };

  const cacheToken = () =>
    context.cacheToken({
      fetchToken: async () => requestToken({ http: await http(), ...(await readBootstrap('oauth')).content }),
      bootstrapVersion: async () => (await readBootstrap('oauth')).versionId,
    });
  const oauth = authentication.type === 'oauth' ? { tokens: cacheToken(), runAs: authentication.runAs } : undefined;

  const showsCertificate = clientCertificate !== undefined;
  const authenticator: Authenticator =
    oauth === undefined
      ? {
          factors: async () => {
            const { content } = await readBootstrap('api-key');
            return apiKeyAuthenticator({ connection, ...content, showsCertificate, now }).factors();
          },
        }
      : oauthAuthenticator({ connection, ...oauth, showsCertificate });

  const { session: signIn, rules } = createPasswordSafe({
    connection,
    http,
    authenticator,
    pairs,
    pushSeconds: authentication.type === 'api-key' ? authentication.pushSeconds : undefined,
    onSignOutFailure: context.onSignOutFailure,
  });

  const reportingRefusal = async <T>(signingIn: () => Promise<T>): Promise<T> => {
    try {
      return await signingIn();
    } catch (error) {
      if (error instanceof RelayError && error.name === 'SignInRefused') await context.onSignInRefused();
      throw error;
    }
  };
  const session: Vault['session'] = (work) => reportingRefusal(() => signIn(work));

  return {
    session,
    async ensureSignIn() {
      if (oauth !== undefined) return reportingRefusal(() => oauth.tokens.ensure());
      await session(async () => {});
      return { expiresAt: null };
    },
    async users() {
      if (authentication.type === 'api-key') return [(await readBootstrap('api-key')).content.runAs];
      return authentication.runAs === undefined ? [] : [authentication.runAs];
    },
    rules,
  };
};
