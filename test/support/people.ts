import type { PasswordSafeSimulator } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { apiKeyAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { createPasswordSafe } from '#shared/connections/password-safe/vault.ts';
import type { Leases, VaultSession } from '#shared/connections/vault.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';

/** Signs in to the vault as a person, independent of the relay, and does the work. */
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
        http: async () => http,
        authenticator,
        onSignOutFailure: () => {},
      }).session(work);
    } finally {
      await http.close();
    }
  };

/** The signed-in user's leases of accounts. */
export const leasesOf = (session: Pick<VaultSession, 'access'>): Leases => {
  const access = session.access({ source: 'accounts' });
  if (access.kind !== 'leases') throw new Error('Accounts are read by leases.');
  return access;
};
