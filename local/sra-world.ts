import type { LocalAccount, LocalVault } from './local-vault.ts';
import { NAMES, type RelayWorld, type RelayWorldOptions, startRelayWorld } from './relay-world.ts';
import { DEFAULT_API_ACCOUNT } from './simulators/sra/api-accounts.ts';
import { createFleet } from './simulators/sra/fleet.ts';
import { type SraOptions, type SraSimulator, startSra } from './simulators/sra/server.ts';

export interface SraWorldOptions extends RelayWorldOptions, Pick<SraOptions, 'latencyMs' | 'switches'> {
  readonly accounts: number;
  /** The same seed generates the same accounts and credentials. */
  readonly seed: number;
}

/** A site, as the main job sees it. */
interface SraVault extends LocalVault {
  readonly simulator: SraSimulator;
}

/** The whole product on one machine, around a PRA or RS site. */
export interface SraWorld extends RelayWorld<SraVault> {}

/** A site without limits. It answers faster than any real one, which its limits would hide. */
const UNLIMITED = { callsPerSecond: Number.POSITIVE_INFINITY, callsPerHour: Number.POSITIVE_INFINITY };

/** Starts a world. The caller must close it. */
export const startSraWorld = (options: SraWorldOptions): Promise<SraWorld> => {
  const { accounts, seed, quotas, switches, onProgress: say = () => {} } = options;
  const fleet = createFleet({ accounts, seed });
  return startRelayWorld(
    {
      example: 'local-sra.yaml',
      async start(now) {
        const limits = quotas === 'documented' ? {} : UNLIMITED;
        const simulator = await startSra({ ...options, fleet, now, switches: { ...limits, ...switches } });
        say(`PRA simulator: ${fleet.length} accounts at ${simulator.url}`);
        return asVault(simulator);
      },
      operatorSecrets: (config) => [
        {
          name: String(config.getIn(['connections', NAMES.connection, 'authentication', 'bootstrapSecret'])),
          value: JSON.stringify({ clientId, clientSecret }),
        },
      ],
      signInSecrets: [clientSecret],
    },
    options,
  );
};

const { clientId, clientSecret } = DEFAULT_API_ACCOUNT;

/** Kinds of account that have a credential like a plain one. */
const LIKE_PLAIN: ReadonlySet<string> = new Set(['same-name', 'simultaneous']);

/** Kinds of call, as the main job counts them. */
const CALLS: Readonly<Record<string, string>> = {
  token: 'token',
  list: 'list',
  groups: 'list',
  policies: 'list',
  activityReport: 'list',
  checkOut: 'credential',
  checkIn: 'checkin',
};

const asVault = (simulator: SraSimulator): SraVault => ({
  simulator,
  url: simulator.url,
  caPem: simulator.caPem,
  get audit() {
    return simulator.audit.map(({ kind }) => ({ kind: CALLS[kind] ?? 'other' }));
  },
  accounts: () =>
    simulator.accounts().map(
      ({ id, kind, name, credential, canary }): LocalAccount => ({
        kind: LIKE_PLAIN.has(kind) ? 'odd-name' : kind,
        accountId: id,
        accountName: name,
        systemName: String(id),
        credential,
        canary,
      }),
    ),
  openRequests: () => simulator.checkedOut(DEFAULT_API_ACCOUNT.name),
  // The relay has a token, which ends by itself, and no session.
  openSessions: () => [],
  changeCredential: (accountId) => void simulator.changeCredential(accountId),
  close: () => simulator.close(),
});
