import { type ClientIds, readClientCredentials } from '#shared/connections/client-credentials.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import type { Directory } from '#shared/connections/directory.ts';
import { createSecretSafe } from '#shared/connections/secretsafe/directory.ts';
import type { SecretSafeSettings } from '#shared/connections/secretsafe/settings.ts';
import { requestToken } from '#shared/connections/secretsafe/token.ts';
import { RelayError } from '#shared/errors.ts';
import type { RetryPolicy } from '#shared/http/retry.ts';

/** A limit of the server ends within a minute, and it is shared with others at the same address. */
const RETRY: RetryPolicy = { attempts: 8, budgetMs: 180_000, baseMs: 1000 };

/** Servers limit requests for tokens to ten a minute, and a request that is repeated counts as well. */
const TOKEN_RETRY: RetryPolicy = { ...RETRY, attempts: 3 };

/** Client ids name the organization of their API key. */
const CLIENT_IDS: ClientIds = {
  pattern: /^organization\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  example: 'organization.…',
  rule: 'is organization. and an id',
};

/** Opens an organization with the API key of its bootstrap secret. Connects on first use. */
export const openSecretSafe = (
  { url, identityUrl = `${url}/identity`, apiUrl = `${url}/api`, authentication }: SecretSafeSettings,
  { connection, connect, readSecret, cacheToken, onSignInRefused }: ConnectionContext,
): Directory => {
  const identity = connect({ url: identityUrl, retry: TOKEN_RETRY });
  const http = connect({ url: apiUrl, retry: RETRY });
  const apiKey = () => readClientCredentials(readSecret, authentication.bootstrapSecret, CLIENT_IDS);
  const tokens = cacheToken({
    fetchToken: async () => requestToken(identity, await apiKey()),
    bootstrapVersion: async () => (await apiKey()).versionId,
  });
  const directory = createSecretSafe({ connection, http, tokens });

  const reportingRefusal = async <T>(signingIn: () => Promise<T>): Promise<T> => {
    try {
      return await signingIn();
    } catch (error) {
      if (error instanceof RelayError && error.name === 'SignInRefused') await onSignInRefused();
      throw error;
    }
  };
  return {
    ensureSignIn: () => reportingRefusal(() => tokens.ensure()),
    session: (work) => reportingRefusal(() => directory.session(work)),
  };
};
