import { createFleet, type FleetAccount } from '#local/simulators/password-safe/fleet.ts';
import { type PasswordSafeOptions, startPasswordSafe } from '#local/simulators/password-safe/server.ts';
import { DEFAULT_APPLICATION, DEFAULT_APPROVER } from '#local/simulators/password-safe/users.ts';
import { apiKeyAuthenticator } from '#shared/connections/password-safe/authentication.ts';
import { createPasswordSafe } from '#shared/connections/password-safe/vault.ts';
import type { Leases } from '#shared/connections/vault.ts';
import { createHttp } from '#shared/http/http.ts';
import { Secret } from '#shared/secret.ts';
import { startForgetfulProxy } from '#test/support/forgetful-proxy.ts';
import { leasesOf } from '#test/support/people.ts';

export const SEED = 7;
const KEEP_ALIVE_MS = 60_000;
const LIMITS = { inFlight: 16, perSecond: 10_000, timeoutSeconds: 30 };

/** A small fleet of different kinds of accounts. People can hold an account at the same time as the relay. */
export const sharedFleet = (accounts: number): FleetAccount[] =>
  createFleet({ accounts, seed: SEED }).map((account) => ({ ...account, maxConcurrentRequests: 0 }));

/** The contents and users of the vault, and switches for its undocumented behaviour. */
export interface SiteOptions extends Pick<PasswordSafeOptions, 'fleet' | 'users' | 'aliases' | 'secrets' | 'switches'> {
  /** Puts a firewall before the vault that silently forgets connections after one idle minute. */
  readonly isBehindFirewall?: boolean;
}

/** Starts a vault with the sockets to it and sign-ins for other users. */
export const startCrashableSite = async ({ isBehindFirewall = false, ...options }: SiteOptions, now: () => number) => {
  const simulator = await startPasswordSafe({ ...options, now, seed: SEED });
  const url = new URL(simulator.url);
  const firewall = isBehindFirewall
    ? await startForgetfulProxy({ port: Number(url.port), now, keepAliveMs: KEEP_ALIVE_MS })
    : undefined;
  if (firewall !== undefined) url.port = String(firewall.port);
  const http = createHttp({
    connection: 'vault',
    url: url.href,
    ca: simulator.caPem,
    limits: LIMITS,
    sleep: async () => {},
    now,
  });

  /** Does the work with the leases of a person, or of another client that signs in as the relay's user. */
  const signedInAs = <T>({ userName: runAs, apiKey: registration }: KeyUser, work: (leases: Leases) => Promise<T>) => {
    const password = registration.password === undefined ? undefined : new Secret(registration.password);
    const authenticator = apiKeyAuthenticator({
      connection: 'vault',
      apiKey: new Secret(registration.key),
      runAs,
      password,
    });
    const vault = createPasswordSafe({
      connection: 'vault',
      http: async () => http,
      authenticator,
      onSignOutFailure: () => {},
    });
    return vault.session((session) => work(leasesOf(session)));
  };

  return {
    simulator,
    /** Number of calls sent over forgotten connections. */
    lostCalls: (): number => firewall?.lost ?? 0,
    /** Sockets are kept across processes to avoid handshakes. No other state is kept. */
    http,
    asPerson: <T>(work: (leases: Leases) => Promise<T>) => signedInAs(DEFAULT_APPROVER, work),
    asOwnUser: <T>(work: (leases: Leases) => Promise<T>) => signedInAs(DEFAULT_APPLICATION, work),
    async close(): Promise<void> {
      await http.close();
      await firewall?.close();
      await simulator.close();
    },
  };
};

interface KeyUser {
  readonly userName: string;
  readonly apiKey: { readonly key: string; readonly password?: string };
}
