import type { Account } from '#shared/domain/account.ts';
import { matchesGlobs } from '#shared/domain/selection.ts';

/**
 * An account as others name it: what the vault calls its system, and its name, for a directory account `DOMAIN\name` or its
 * user principal name.
 */
export interface NamedAccount {
  readonly system: string;
  readonly account: string;
}

/** The vault may keep the name as it is, or keep the domain apart from it, and spelled in another way. */
const possibleNames = (name: string): readonly string[] => [name, name.slice(name.lastIndexOf('\\') + 1)];

/** Whether patterns of names may take the account. Of its domain, type and workgroup the vault knows more than a name tells. */
export const mayBeSelected = (
  select: { readonly systems: readonly string[]; readonly accounts: readonly string[] },
  { system, account }: NamedAccount,
): boolean =>
  matchesGlobs(system, select.systems) &&
  (mayBePrincipalName(account) || possibleNames(account).some((name) => matchesGlobs(name, select.accounts)));

/** It need not have anything in common with the name that patterns are about. */
const mayBePrincipalName = (name: string): boolean => name.includes('@');

type NamedRow = Pick<Account, 'systemName' | 'accountName' | 'userPrincipalName'>;

/** Tells whether a row of the vault may be of one of the accounts. Case does not matter to the vault. */
export const createIsNamed = (named: readonly NamedAccount[]) => {
  const keys = new Set(
    named.flatMap(({ system, account }) => possibleNames(account).map((name) => keyOf(system, name))),
  );
  return ({ systemName, accountName, userPrincipalName }: NamedRow): boolean =>
    [accountName, userPrincipalName].some((name) => name !== undefined && keys.has(keyOf(systemName, name)));
};

const keyOf = (system: string, account: string): string => JSON.stringify([system, account]).toLowerCase();
