import pMap from 'p-map';
import type { Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { SyncConfig } from '#shared/config/schema.ts';
import type { Account } from '#shared/domain/account.ts';
import { createIsNamed, type NamedAccount } from '#shared/domain/named-account.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { RelayError } from '#shared/errors.ts';
import type { SecretStore } from '#shared/stores/store.ts';
import { listSource, type SourcePage } from './sources.ts';

/** What a plan compares. */
export interface Look {
  /** The current version of each secret, by its name; undefined for one that has none. */
  readonly stored: ReadonlyMap<string, string | undefined>;
  /** Shows what the vault lists, page by page. */
  readonly eachPage: (visit: (page: SourcePage) => Promise<void>) => Promise<void>;
}

/** Everything: all secrets of the sync, and all that the vault lists. */
export const lookAtAll = async (sync: SyncConfig, vault: Vault, store: SecretStore): Promise<Look> => {
  const stored = await listStored(store);
  const eachPage: Look['eachPage'] = (visit) =>
    vault.withSession(async (session) => {
      for await (const page of listSource(session, sync)) await visit(page);
    });
  return { stored, eachPage };
};

const listStored = async (store: SecretStore): Promise<Map<string, string | undefined>> => {
  const stored = new Map<string, string | undefined>();
  for await (const page of store.list()) {
    for (const { name, currentVersionId } of page) stored.set(name, currentVersionId);
  }
  return stored;
};

/** For more, listing everything costs fewer calls. */
const MOST_SYSTEMS = 20;
const MOST_NAMES = 200;

const INSPECTIONS_AT_ONCE = 8;

/**
 * The named accounts and their secrets alone. What else could have a secret of the same name is listed with them, because
 * then none of them may be delivered.
 */
export const lookAtNamed = async (
  sync: SyncConfig,
  vault: Vault,
  store: SecretStore,
  named: readonly NamedAccount[],
): Promise<Look> => {
  if (sync.source !== 'accounts') {
    throw new RelayError('ConfigurationInvalid', 'Only a sync of accounts can look at some of them by their names.');
  }
  const { accounts, complete } = await vault.withSession((session) => listAround(session, sync, named));
  const selected = wanted(accounts, createNaming(sync.name), named);
  return {
    stored: await lookUp(store, new Set(selected.flatMap(({ secretName }) => secretName ?? []))),
    eachPage: (visit) => visit({ selected: selected.map(({ account }) => account), passedOver: [], complete }),
  };
};

const lookUp = async (store: SecretStore, names: ReadonlySet<string>): Promise<Look['stored']> => {
  if (names.size > MOST_NAMES) return new Map([...(await listStored(store))].filter(([name]) => names.has(name)));
  const stored = new Map<string, string | undefined>();
  await pMap(
    names,
    async (name) => {
      const presence = await store.inspect(name);
      if (presence.kind === 'owned' && !presence.retired) stored.set(name, presence.currentVersionId);
    },
    { concurrency: INSPECTIONS_AT_ONCE },
  );
  return stored;
};

type AccountSync = Extract<SyncConfig, { source: 'accounts' }>;

/** No part of a name holds a slash, so that a folder of its own is the system's alone. */
const tellsSystemsApart = (name: string): boolean =>
  name.split('/').some((part) => part === '{systemName}' || part === '{systemId}');

/** The selected accounts of all systems on which one is named; of every system where names could meet across systems. */
const listAround = async (session: VaultSession, { name, select }: AccountSync, named: readonly NamedAccount[]) => {
  const systems = [...new Set(named.map(({ system }) => system.toLowerCase()))];
  const bySystem = systems.length <= MOST_SYSTEMS && tellsSystemsApart(name);
  const queries = bySystem ? systems.map((system) => ({ ...select, system })) : [select];
  const accounts: Account[] = [];
  let complete = true;
  for (const query of queries) {
    for await (const page of session.listAccounts(query)) {
      complete &&= page.complete;
      accounts.push(...page.accounts.filter((account) => isSelected(select, account)));
    }
  }
  return { accounts, complete };
};

/** What is named, and what would share a secret with it. What has no usable name is left to the comparison to refuse. */
const wanted = (
  accounts: readonly Account[],
  nameOf: (account: Account) => string,
  named: readonly NamedAccount[],
): { readonly account: Account; readonly secretName: string | undefined }[] => {
  const candidates = accounts.map((account) => ({ account, secretName: nameOrNone(nameOf, account) }));
  const isNamed = createIsNamed(named);
  const names = new Set(candidates.flatMap(({ account, secretName }) => (isNamed(account) ? (secretName ?? []) : [])));
  return candidates.filter(({ account, secretName }) =>
    secretName === undefined ? isNamed(account) : names.has(secretName),
  );
};

const nameOrNone = (nameOf: (account: Account) => string, account: Account): string | undefined => {
  try {
    return nameOf(account);
  } catch {
    return undefined;
  }
};
