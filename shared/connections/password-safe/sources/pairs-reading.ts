import pMap from 'p-map';
import { type Account, nameInVault } from '#shared/connections/password-safe/account.ts';
import { listAccounts } from '#shared/connections/password-safe/accounts.ts';
import { findAccount } from '#shared/connections/password-safe/look-up.ts';
import type { Session } from '#shared/connections/password-safe/session.ts';
import type { PairAccount, Pairs } from '#shared/connections/password-safe/settings.ts';
import { accessAccounts } from '#shared/connections/password-safe/sources/account-access.ts';
import { pairItem } from '#shared/connections/password-safe/sources/account-items.ts';
import { rotatePairs } from '#shared/connections/password-safe/sources/account-rotation.ts';
import { parseAccountRule } from '#shared/connections/password-safe/sources/account-settings.ts';
import type { SourceReading } from '#shared/connections/password-safe/sources/reading.ts';
import { foldCase } from '#shared/domain/selection.ts';

/** Up to as many accounts are looked up one by one. Their list can have many pages. */
const MAX_FOUND_SINGLY = 20;
const MAX_CONCURRENCY = 4;

const keyOf = (system: string, account: string): string => foldCase(JSON.stringify([system, account]));

interface Found {
  /** By {@link keyOf}; `several` accounts cannot be told apart by their names. */
  readonly accounts: ReadonlyMap<string, Account | 'several'>;
  /** False if accounts may be missing from the list. */
  readonly complete: boolean;
}

const findSingly = async (session: Session, wanted: readonly PairAccount[]): Promise<Found> => {
  const found = await pMap(
    wanted,
    async ({ system, account }) => [keyOf(system, account), await findAccount(session, system, account)] as const,
    { concurrency: MAX_CONCURRENCY },
  );
  const accounts = new Map(found.flatMap(([key, one]) => (one === 'none' ? [] : [[key, one] as const])));
  return { accounts, complete: true };
};

const findInList = async (session: Session, wanted: readonly PairAccount[]): Promise<Found> => {
  const keys = new Set(wanted.map(({ system, account }) => keyOf(system, account)));
  const accounts = new Map<string, Account | 'several'>();
  let complete = true;
  for await (const page of listAccounts(session, { types: [], workgroups: [] })) {
    complete &&= page.complete;
    for (const account of page.accounts) {
      const key = keyOf(account.systemName, nameInVault(account));
      if (keys.has(key)) accounts.set(key, accounts.has(key) ? 'several' : account);
    }
  }
  return { accounts, complete };
};

const find = (session: Session, wanted: readonly PairAccount[]): Promise<Found> =>
  wanted.length <= MAX_FOUND_SINGLY ? findSingly(session, wanted) : findInList(session, wanted);

const accountsOf = (
  accounts: readonly PairAccount[],
  found: Found['accounts'],
): readonly [Account, Account] | PairAccount | undefined => {
  const [first, second] = accounts.map(({ system, account }) => found.get(keyOf(system, account)));
  if (first === undefined || first === 'several') return accounts[0];
  if (second === undefined || second === 'several') return accounts[1];
  return [first, second];
};

const isPair = (found: ReturnType<typeof accountsOf>): found is readonly [Account, Account] => Array.isArray(found);

/** Lists and reads the pairs that a connection names. */
export const createPairsReading = (pairs: Pairs): SourceReading => ({
  async *list(session, source) {
    const { delivers } = parseAccountRule(source);
    const named = Object.entries(pairs);
    const { accounts, complete } = await find(
      session,
      named.flatMap(([, pair]) => pair.accounts),
    );
    const listed = named.map(([name, pair]) => ({ name, found: accountsOf(pair.accounts, accounts) }));
    const items = listed.flatMap(({ name, found }) => (isPair(found) ? [pairItem(name, found, delivers)] : []));
    yield {
      items,
      complete: complete && items.length === named.length,
      rejected: listed.flatMap(({ name, found }) =>
        found === undefined || isPair(found)
          ? []
          : [
              {
                title: name,
                message: `${session.connection}: the relay's user does not see exactly one account ${found.account} of ${found.system}. Correct the pair ${name} in relay.yaml, or the user's permissions.`,
              },
            ],
      ),
    };
  },

  async find(session, source, { pairName = '' }) {
    const pair = Object.hasOwn(pairs, pairName) ? pairs[pairName] : undefined;
    if (pair === undefined) return 'none';
    const { accounts } = await find(session, pair.accounts);
    const found = accountsOf(pair.accounts, accounts);
    return isPair(found) ? pairItem(pairName, found, parseAccountRule(source).delivers) : 'none';
  },

  access: (session, source) => accessAccounts(session, parseAccountRule(source)),

  rotation: (session, source, relayUsers) => rotatePairs(session, parseAccountRule(source), relayUsers),
});
