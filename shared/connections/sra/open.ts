import { type ClientIds, readClientCredentials } from '#shared/connections/client-credentials.ts';
import type { ConnectionContext } from '#shared/connections/connection-type.ts';
import { createHour } from '#shared/connections/sra/hour.ts';
import type { SraSettings } from '#shared/connections/sra/settings.ts';
import { createDescribeSite } from '#shared/connections/sra/site.ts';
import { requestToken } from '#shared/connections/sra/token.ts';
import { createSra } from '#shared/connections/sra/vault.ts';
import type { OpeningReads, Vault } from '#shared/connections/vault.ts';
import { RelayError } from '#shared/errors.ts';

/** A colon would end the client id in its header. */
const CLIENT_IDS: ClientIds = { pattern: /^[^:]*$/, example: '…', rule: 'has no colon' };

/** Opens the Vault of a site with the API account of its bootstrap secret. Connects on first use. */
export const openSra = (
  { url, authentication }: SraSettings,
  { connection, connect, readSecret, cacheToken, onSignInRefused, now }: ConnectionContext,
): Vault<OpeningReads> => {
  const http = connect();
  const bootstrap = () => readClientCredentials(readSecret, authentication.bootstrapSecret, CLIENT_IDS);
  const tokens = cacheToken({
    fetchToken: async () => requestToken({ http, ...(await bootstrap()) }),
    bootstrapVersion: async () => (await bootstrap()).versionId,
  });
  const vault = createSra({
    connection,
    origin: new URL(url).origin,
    http,
    tokens,
    hour: createHour(connection, now),
    now,
    describeSite: createDescribeSite(http, now),
  });

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
    session: (work) => reportingRefusal(() => vault.session(work)),
    rules: vault.rules,
  };
};
