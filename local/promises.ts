import { z } from 'zod';
import type { Hit } from './canaries.ts';
import type { FleetAccount } from './simulators/password-safe/fleet.ts';
import type { PasswordSafeSimulator } from './simulators/password-safe/server.ts';
import { NAMES, type World } from './world.ts';

/** The kinds of account that a sync can deliver: some are awkward to read or to write, but nothing keeps it from them. */
const DELIVERABLE: ReadonlySet<FleetAccount['kind']> = new Set(['plain', 'odd-name', 'odd-credential', 'rotating']);

export const isDeliverable = ({ kind }: Pick<FleetAccount, 'kind'>): boolean => DELIVERABLE.has(kind);

/** A sentence for each promise that does not hold after the last run, as far as the vault and AWS can tell. */
export const brokenPromises = (world: World, leaks: readonly Hit[]): string[] => {
  const { vault, aws } = world;
  return [...wrongValues(vault, aws.secretsManager.currentValues()), ...leftBehind(world, leaks)];
};

/** A sentence for whatever was left where it may not be: open at the vault, written down, or tried without permission. */
export const leftBehind = ({ vault, aws }: World, leaks: readonly Hit[]): string[] => {
  const openRequests = vault.openRequests().length;
  const openSessions = vault.openSessions().length;
  return [
    ...(openRequests > 0 ? [`${openRequests} requests are still open at the vault.`] : []),
    ...(openSessions > 0 ? [`${openSessions} sessions are still open at the vault.`] : []),
    ...leaks.map(({ where, form, offset }) => `A secret value stands in ${where} at byte ${offset} (form: ${form}).`),
    ...aws.permissions.denials,
    ...aws.server.unknownCalls.map(
      ({ caller, service, action }) => `${caller} called ${service}.${action}, which nothing here answers.`,
    ),
  ];
};

const valueSchema = z.object({ username: z.string(), password: z.string(), host: z.string() });

const keyOf = (host: string, username: string): string => JSON.stringify([host, username]);

/** Compares what the store holds with what the vault holds, by what the values themselves say they are. */
export const wrongValues = (
  vault: Pick<PasswordSafeSimulator, 'accounts'>,
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
    .filter((account) => isDeliverable(account) && account.kind !== 'rotating')
    .filter(({ systemName, accountName, credential }) => delivered.get(keyOf(systemName, accountName)) !== credential)
    .map(
      ({ systemName, accountName }) =>
        `The store does not hold the current credential of ${systemName}/${accountName}.`,
    );
};
