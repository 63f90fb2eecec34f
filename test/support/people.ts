import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { apiKeyAuthenticator } from '#shared/clients/password-safe/authentication.ts';
import { createPasswordSafe } from '#shared/clients/password-safe/client.ts';
import type { VaultSession } from '#shared/clients/password-safe/vault.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';

/** What a person does who signs in to the vault beside the relay. */
export const asAlice =
  ({ url, caPem: ca }: PasswordSafeSimulator) =>
  async <T>(work: (session: VaultSession) => Promise<T>): Promise<T> => {
    const limits = { inFlight: 1, perSecond: 100, timeoutSeconds: 30 };
    const http = createHttp({ connection: 'vault', url, ca, limits });
    const { userName: runAs, apiKey } = DEFAULT_APPROVER;
    const authenticator = apiKeyAuthenticator({
      connection: 'vault',
      apiKey: new Secret(apiKey.key),
      runAs,
      password: new Secret(apiKey.password),
    });
    try {
      return await createPasswordSafe({
        connection: 'vault',
        http,
        authenticator,
        onSignOutFailure: () => {},
      }).withSession(work);
    } finally {
      await http.close();
    }
  };
