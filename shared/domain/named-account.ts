import { matchesGlobs } from '#shared/domain/selection.ts';

/** An account as others name it: what the vault calls its system, and its name, `DOMAIN\name` for a directory account. */
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
  matchesGlobs(system, select.systems) && possibleNames(account).some((name) => matchesGlobs(name, select.accounts));

/** Tells whether a row of the vault may be of one of the accounts. Case does not matter to the vault. */
export const createIsNamed = (named: readonly NamedAccount[]) => {
  const keys = new Set(
    named.flatMap(({ system, account }) => possibleNames(account).map((name) => keyOf(system, name))),
  );
  return ({ systemName, accountName }: { readonly systemName: string; readonly accountName: string }): boolean =>
    keys.has(keyOf(systemName, accountName));
};

const keyOf = (system: string, account: string): string => JSON.stringify([system, account]).toLowerCase();
