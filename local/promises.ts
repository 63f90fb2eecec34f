import { z } from 'zod';
import type { Hit } from './canaries.ts';
import type { LocalAccount, LocalVault } from './local-vault.ts';
import { NAMES, type RelayWorld } from './relay-world.ts';
import type { LocalStore } from './stores.ts';

/** The kinds of account that a sync can deliver. Some have unusual names or values. */
const DELIVERABLE: ReadonlySet<string> = new Set(['plain', 'odd-name', 'odd-credential', 'rotating']);

export const isDeliverable = ({ kind }: Pick<LocalAccount, 'kind'>): boolean => DELIVERABLE.has(kind);

/** True if a sync can deliver the account to a store with this maximum size of a value. */
export const isDeliverableTo = (
  { maxBytes }: Pick<LocalStore, 'maxBytes'>,
  { kind, accountName, systemName, credential }: Deliverable,
): boolean => {
  const value = JSON.stringify({ username: accountName, password: credential, host: systemName });
  return isDeliverable({ kind }) && Buffer.byteLength(value) <= maxBytes;
};

type Deliverable = Pick<LocalAccount, 'kind' | 'accountName' | 'systemName' | 'credential'>;

/**
 * One sentence for each promise that is broken after the last run, judged by the state of the vault and of AWS.
 * `refused`: ids of accounts whose credential their system refuses, which no store may have.
 */
export const brokenPromises = (
  world: RelayWorld,
  leaks: readonly Hit[],
  refused: ReadonlySet<number> = new Set(),
): string[] => {
  const { vault, stores } = world;
  const working = { accounts: () => vault.accounts().filter(({ accountId }) => !refused.has(accountId)) };
  const unusable = vault.accounts().filter(({ accountId }) => refused.has(accountId));
  return [
    ...stores.flatMap((store) => wrongValues(working, store, store.values())),
    ...stores.flatMap(({ store, values }) =>
      unusable
        .filter(({ canary }) => Object.values(values()).some((value) => value.includes(canary)))
        .map(
          ({ systemName, accountName }) =>
            `The store ${store} has the credential of ${systemName}/${accountName}, which failed its test.`,
        ),
    ),
    ...findLeftovers(world, leaks),
  ];
};

/** One sentence for each leftover: an open request or session, a leaked value, a denied or unknown call. */
export const findLeftovers = ({ vault, aws }: RelayWorld, leaks: readonly Hit[]): string[] => {
  const openRequests = vault.openRequests().length;
  const openSessions = vault.openSessions().length;
  return [
    ...(openRequests > 0 ? [`${openRequests} requests are still open at the vault.`] : []),
    ...(openSessions > 0 ? [`${openSessions} sessions are still open at the vault.`] : []),
    ...leaks.map(({ where, form, offset }) => `A secret value is in ${where} at byte ${offset} (form: ${form}).`),
    ...aws.permissions.denials,
    ...aws.server.unknownCalls.map(
      ({ caller, service, action }) => `${caller} called ${service}.${action}, which local mode does not support.`,
    ),
  ];
};

const valueSchema = z.object({ username: z.string(), password: z.string(), host: z.string() });

const keyOf = (host: string, username: string): string => JSON.stringify([host, username]);

/** Compares the values in a store with those in the vault. Matches them by the host and username in each value. */
export const wrongValues = (
  vault: Pick<LocalVault, 'accounts'>,
  store: Pick<LocalStore, 'store' | 'maxBytes'>,
  currentValues: Readonly<Record<string, string>>,
): string[] => {
  const delivered = new Map<string, string>();
  for (const [name, value] of Object.entries(currentValues)) {
    if (!name.startsWith(NAMES.secretPrefix)) continue;
    const { username, password, host } = valueSchema.parse(JSON.parse(value));
    delivered.set(keyOf(host, username), password);
  }
  return vault
    .accounts()
    .filter((account) => isDeliverableTo(store, account) && account.kind !== 'rotating')
    .filter(({ systemName, accountName, credential }) => delivered.get(keyOf(systemName, accountName)) !== credential)
    .map(
      ({ systemName, accountName }) =>
        `The store ${store.store} does not have the current credential of ${systemName}/${accountName}.`,
    );
};
