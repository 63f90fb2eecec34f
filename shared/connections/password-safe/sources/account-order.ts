import {
  type FunctionalAccount,
  type ListedFacts,
  listAccountsOf,
  listFunctionalAccounts,
  listSystems,
  readAccount,
  readSystem,
  type System,
  shown,
} from '#shared/connections/password-safe/inventory.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { AccountHandle } from '#shared/connections/password-safe/sources/account-items.ts';
import {
  refusalOfKey,
  refusalOfPair,
  refusalOfSet,
  refusalOfUser,
} from '#shared/connections/password-safe/sources/account-refusals.ts';
import type { AccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import { hasDomain, isNamed, userOf } from '#shared/connections/password-safe/user-names.ts';
import type { Placement, Rotated, RotationOrder } from '#shared/connections/rotation.ts';
import type { ItemRef } from '#shared/domain/item.ts';
import { RelayError } from '#shared/errors.ts';

/** Up to as many systems are read one by one. Their list can have many pages. */
const MAX_READ_SINGLY = 4;

/** An item, and the accounts behind it. */
export interface Subject {
  readonly item: Rotated;
  readonly accounts: readonly Pick<AccountHandle, 'systemId' | 'accountId'>[];
}

interface OrderSettings extends Pick<AccountRule, 'delivers'> {
  readonly relayUsers: readonly string[];
}

type AccountIds = Subject['accounts'][number];
type Facts = ReadonlyMap<number, ListedFacts | RelayError>;

const isReadable = <T>(found: T | RelayError | undefined): found is T =>
  found !== undefined && !(found instanceof RelayError);

/** Accounts by id: in one list for each system with several, one by one for the others and for what a list lacks. */
const readFacts = async (session: Session, accounts: readonly AccountIds[]): Promise<Facts> => {
  const facts = new Map<number, ListedFacts | RelayError>();
  const readOne = async (accountId: number): Promise<void> => {
    const found = await shown(readAccount(session, accountId));
    if (found instanceof RelayError && found.name === 'PermissionMissing') throw found;
    facts.set(accountId, found);
  };
  await Promise.all(
    [...Map.groupBy(accounts, ({ systemId }) => systemId)].map(async ([systemId, members]) => {
      const ids = new Set(members.map(({ accountId }) => accountId));
      if (ids.size > 1) {
        const listed = await shown(listAccountsOf(session, systemId));
        if (isReadable(listed)) for (const one of listed) facts.set(one.accountId, one);
      }
      await Promise.all([...ids].filter((accountId) => !facts.has(accountId)).map(readOne));
    }),
  );
  const parents = [...facts.values()].filter(isReadable).map(({ parentId }) => parentId);
  await Promise.all([...new Set(parents)].filter((accountId) => !facts.has(accountId)).map(readOne));
  return facts;
};

interface Systems {
  readonly byId: ReadonlyMap<number, System>;
  readonly functional: readonly FunctionalAccount[];
  /** Cause for which some are unknown. */
  readonly incomplete?: RelayError | undefined;
}

const readSystems = async (session: Session, systemIds: ReadonlySet<number>): Promise<Systems> => {
  const byId = new Map<number, System>();
  let incomplete: RelayError | undefined;
  if (systemIds.size > MAX_READ_SINGLY) {
    const listed = await shown(listSystems(session));
    if (isReadable(listed)) for (const system of listed) byId.set(system.systemId, system);
    else incomplete = listed;
  }
  // A system that its list lacks can be one that moved to another page.
  const missing = incomplete === undefined ? [...systemIds].filter((systemId) => !byId.has(systemId)) : [];
  for (const found of await Promise.all(missing.map((systemId) => shown(readSystem(session, systemId))))) {
    if (isReadable(found)) byId.set(found.systemId, found);
    else incomplete ??= found;
  }
  const functional = await shown(listFunctionalAccounts(session));
  return isReadable(functional)
    ? { byId, functional, incomplete }
    : { byId, functional: [], incomplete: incomplete ?? functional };
};

/** Accounts of the question that the vault uses to change those of a system, in the order in which they change. */
type HelpersOf = (systemId: number) => readonly number[];

/** A functional account of a domain is used from any system; a local one is an account of the system itself. */
const helpersIn = (accounts: readonly AccountIds[], facts: Facts, { byId, functional }: Systems): HelpersOf => {
  const known = accounts.flatMap(({ systemId, accountId }) => {
    const found = facts.get(accountId);
    return isReadable(found) ? [{ systemId, accountId, names: found.names }] : [];
  });
  const knownIds = new Set(known.map(({ accountId }) => accountId));
  const knownOn = Map.groupBy(known, ({ systemId }) => systemId);
  const idsNamed = (some: typeof known, { name, domain }: FunctionalAccount): readonly number[] =>
    some.filter(({ names }) => isNamed(names, name, domain)).map(({ accountId }) => accountId);
  const inDomain = new Map(
    functional
      .filter(({ name, domain }) => hasDomain(name, domain))
      .map((account) => [account.id, idsNamed(known, account)]),
  );
  const local = new Map(functional.map((account) => [account.id, account]));
  const find = ({ systemId, functionalAccountId = 0, loginAccountId = 0 }: System): readonly number[] => {
    const account = local.get(functionalAccountId);
    const ofSystem = account === undefined ? [] : idsNamed(knownOn.get(systemId) ?? [], account);
    const used = inDomain.get(functionalAccountId) ?? ofSystem;
    return [...new Set([...used, ...(knownIds.has(loginAccountId) ? [loginAccountId] : [])])];
  };
  const helpers = new Map(
    [...byId.values()].filter(({ systemId }) => knownOn.has(systemId)).map((system) => [system.systemId, find(system)]),
  );
  return (systemId) => helpers.get(systemId) ?? [];
};

/**
 * Places accounts in the order of a rotation. Each changes after the functional account and the login account of its
 * system, and after the account that it is synced with. Accounts with which the relay signs in are refused, and those
 * that are synced with one.
 */
export const orderAccounts = async (
  session: Session,
  { delivers, relayUsers }: OrderSettings,
  subjects: readonly Subject[],
): Promise<RotationOrder> => {
  if (subjects.length === 0) return { placements: [] };
  const accounts = subjects.flatMap((subject) => subject.accounts);
  const facts = await readFacts(session, accounts);
  const systems = await readSystems(session, new Set(accounts.map(({ systemId }) => systemId)));
  const helpersOf = helpersIn(accounts, facts, systems);
  const refs = new Map(
    subjects.flatMap(({ item, accounts: some }) => some.map(({ accountId }) => [accountId, item.ref])),
  );
  const sets = Map.groupBy([...facts.values()].filter(isReadable), ({ parentId }) => parentId);

  const helpersBefore = ({ systemId, accountId }: AccountIds): readonly number[] => {
    const helpers = helpersOf(systemId);
    const position = helpers.indexOf(accountId);
    // The helpers of one system do not wait for each other in a circle.
    return position < 0 ? helpers : helpers.slice(0, position);
  };

  const refusalOf = (item: Rotated, { systemId, accountId }: AccountIds): RelayError | undefined => {
    const found = facts.get(accountId);
    if (!isReadable(found)) return found;
    const ofUser = refusalOfUser(session, item, found.names, relayUsers);
    if (ofUser !== undefined) return ofUser;
    const ofRelay = sets.get(found.parentId)?.find(({ names }) => userOf(names, relayUsers) !== undefined);
    if (ofRelay !== undefined) return refusalOfSet(session, item, ofRelay.names.accountName);
    const system = systems.byId.get(systemId);
    if (delivers !== 'dsskey' || system === undefined) return undefined;
    return refusalOfKey(session, item, { managesKey: found.managesKey, keyRule: system.keyRule });
  };

  const parentOf = ({ accountId }: AccountIds): number => {
    const found = facts.get(accountId);
    return isReadable(found) ? found.parentId : accountId;
  };
  const isSynced = (account: AccountIds): boolean =>
    parentOf(account) !== account.accountId || (sets.get(account.accountId)?.length ?? 0) > 1;

  const placementOf = ({ item, accounts: some }: Subject): Placement => {
    const before = some.flatMap((account) => [...helpersBefore(account), parentOf(account)]);
    const after = [...new Set(before)].flatMap((accountId): ItemRef[] => {
      const ref = refs.get(accountId);
      return ref === undefined || some.some((own) => own.accountId === accountId) ? [] : [ref];
    });
    const synced = some.find(isSynced);
    const ofPair = some.length > 1 && synced !== undefined ? refusalOfPair(session, item) : undefined;
    return {
      ref: item.ref,
      system: String(some[0]?.systemId ?? ''),
      ...(synced !== undefined && { unit: String(parentOf(synced)) }),
      after,
      refusal: some.map((account) => refusalOf(item, account)).find((refusal) => refusal !== undefined) ?? ofPair,
    };
  };
  return { placements: subjects.map(placementOf), incomplete: systems.incomplete };
};
