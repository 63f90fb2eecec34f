import { DEFAULT_API_ACCOUNT } from '#local/simulators/sra/api-accounts.ts';
import { createFleet, type FleetAccount } from '#local/simulators/sra/fleet.ts';
import { DEFAULT_PEOPLE } from '#local/simulators/sra/people.ts';
import { startSra } from '#local/simulators/sra/server.ts';
import { createHttp } from '#shared/http/http.ts';
import { type Claim, claimAt, claimKeyed } from '#shared/leases/claim-record.ts';
import { parseShapeOf } from '#test/support/configs.ts';
import { startRelayAround } from '#test/support/crashable-relay.ts';
import { machines } from '#test/support/machines.ts';

/** The crashable relay over a small PRA site, one of whose accounts a person has checked out. */

const SEED = 7;
const FOLDER = 'prod/';
const LIMITS = { inFlight: 8, perSecond: 10_000, timeoutSeconds: 30 };
/** Types whose credentials have different shapes. */
const SHAPES = ['username_password', 'ssh', 'opaque_token'];
const [, DANA] = DEFAULT_PEOPLE;

const FLEET = createFleet({ accounts: 28, seed: SEED });
const PLAIN = FLEET.filter(({ kind }) => kind === 'plain');
export const HELD = FLEET.filter(({ kind }) => kind === 'held');

/** Accounts and rules of a relay, beside its sync. */
export interface SraRelayOptions {
  /** Types of the accounts that the relay can deliver, one of each. Default: types of different shapes. */
  readonly types?: readonly string[];
  /** Further sections of its configuration. */
  readonly rules?: Readonly<Record<string, unknown>>;
}

const configFor = (url: string, rules: SraRelayOptions['rules']) =>
  parseShapeOf({
    ...rules,
    connections: { vault: { type: 'sra', url, authentication: { bootstrapSecret: 'bootstrap/vault' } } },
    stores: { aws: { type: 'aws-secrets-manager' } },
    syncs: {
      databases: {
        connection: 'vault',
        source: 'vault-accounts',
        stores: ['aws'],
        name: `${FOLDER}{accountName}/{accountId}`,
        value: '{credential}',
        batchSize: 2,
        concurrency: 1,
        schedule: { expression: 'rate(1 hour)' },
      },
    },
  });

const startSite = async (fleet: readonly FleetAccount[], now: () => number) => {
  const simulator = await startSra({
    fleet,
    now,
    seed: SEED,
    sleep: async () => {},
    // The clock stands still, so that a second never ends.
    switches: { callsPerSecond: Number.POSITIVE_INFINITY },
  });
  const { url, caPem: ca } = simulator;
  const http = createHttp({ connection: 'vault', url, ca, limits: LIMITS, sleep: async () => {}, now });
  const { clientId, clientSecret } = DEFAULT_API_ACCOUNT;
  return {
    simulator,
    http,
    bootstrap: { clientId, clientSecret },
    async close(): Promise<void> {
      await http.close();
      await simulator.close();
    },
  };
};

export type SraRelay = Awaited<ReturnType<typeof startSraRelay>>;

export const startSraRelay = async ({ types = SHAPES, rules }: SraRelayOptions = {}) => {
  const deliverable = types.flatMap((type) => PLAIN.find((account) => account.type === type) ?? []);
  const { relay, site } = await startRelayAround((now) => startSite([...deliverable, ...HELD], now), {
    machines,
    config: configFor('https://127.0.0.1', rules),
  });
  relay.deploy(configFor(site.simulator.url, rules));
  return { ...relay, simulator: site.simulator, deliverable };
};

/** Changes every credential that the relay delivers. */
export const changeAll = ({ simulator, advance, deliverable }: SraRelay): void => {
  // The relay would mistake a change soon after its own check-in for the vault's rotation.
  advance(11);
  for (const { id } of deliverable) simulator.changeCredential(id);
  advance(1);
};

const checkedOutByRelay = ({ simulator }: SraRelay) => simulator.checkedOut(DEFAULT_API_ACCOUNT.name);

const claimsOf = async ({ shared, simulator }: SraRelay): Promise<Claim[]> => {
  const listed = await shared.list(claimAt.prefix(new URL(simulator.url).host));
  const states = await Promise.all(listed.map(({ key }) => shared.read(claimKeyed(key))));
  return states.flatMap((state) => (state === undefined ? [] : [state.record]));
};

/** A sentence for each lease that is open once `reap` has ended, and for each claim that does not wait for its end. */
export const leftOpen = async (relay: SraRelay): Promise<string[]> => [
  ...checkedOutByRelay(relay).map(({ accountName }) => `${accountName} is checked out.`),
  ...(await claimsOf(relay)).flatMap(({ closing, item }) => (closing ? [] : [`${item.title} is claimed.`])),
];

/** A sentence for each claim. */
export const leftClaimed = async (relay: SraRelay): Promise<string[]> =>
  (await claimsOf(relay)).map(({ item }) => `The claim of ${item.title} was never removed.`);

export const CANARY = /canary-[0-9a-f]{8,}/;

/** A sentence for each wrong secret, each written credential, and each check-out of a person that has ended. */
export const wrongAtEnd = ({ simulator, manager, records, payloads, deliverable }: SraRelay): string[] => {
  const values = Object.entries(manager.currentValues()).filter(([name]) => name.startsWith(FOLDER));
  const expected = new Map(deliverable.map(({ id, name }) => [`${FOLDER}${name}/${id}`, simulator.credentialOf(id)]));
  const written = [...records.objects, ...payloads.entries(), ...values.map(([name]) => [name, name] as const)];
  const held = simulator.checkedOut(DANA?.displayName).map(({ accountId }) => accountId);
  return [
    ...[...expected.values()].flatMap((credential, index) => {
      const times = values.filter(([, value]) => value === credential).length;
      return times === 1 ? [] : [`${deliverable[index]?.type}: its current credential is in ${times} secrets.`];
    }),
    ...(values.length === expected.size ? [] : [`There are ${values.length} secrets.`]),
    ...written.flatMap(([where, text]) => (CANARY.test(text) ? [`A credential was written to ${where}.`] : [])),
    ...HELD.flatMap(({ id, name }) => (held.includes(id) ? [] : [`The check-out of ${name} by a person was ended.`])),
  ];
};
