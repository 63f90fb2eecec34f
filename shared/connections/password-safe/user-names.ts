/** Names of users and accounts in the spellings that the vault accepts. */

/** Fields of an account that name it. Empty texts are unknown. */
export interface NamedAccount {
  readonly accountName: string;
  readonly domainName: string;
  readonly userPrincipalName: string;
  readonly samAccountName: string;
}

/** One spelling of a name, in lower case. The domain is empty if the spelling has none. */
interface Spelling {
  readonly form: 'plain' | 'domain' | 'upn';
  readonly name: string;
  readonly domain: string;
}

/** Word that clients write into the domain of a local account (reference: 2.6, "Managed account body"). */
const NO_DOMAIN = 'none';

const spellingOf = (text: string, domain = ''): Spelling => {
  const whole = text.trim().toLowerCase();
  const backslash = whole.lastIndexOf('\\');
  if (backslash >= 0) {
    const before = whole.slice(0, backslash).replace(/\\+$/, '');
    return { form: before === '' ? 'plain' : 'domain', name: whole.slice(backslash + 1), domain: before };
  }
  const at = whole.lastIndexOf('@');
  if (at > 0) return { form: 'upn', name: whole.slice(0, at), domain: whole.slice(at + 1) };
  const known = domain.trim().toLowerCase();
  const isLocal = known === '' || known === NO_DOMAIN;
  return { form: isLocal ? 'plain' : 'domain', name: whole, domain: isLocal ? '' : known };
};

/** A NetBIOS name has no dot, and cannot be compared with a DNS name. */
const isDnsName = (domain: string): boolean => domain.includes('.');

const domainsDiffer = (one: string, other: string): boolean => one !== other && isDnsName(one) === isDnsName(other);

/** Spellings of an account that can be compared with another spelling. */
const spellingsFor = (
  { form }: Spelling,
  { accountName, domainName, userPrincipalName, samAccountName }: NamedAccount,
): readonly Spelling[] => {
  const names = [accountName, samAccountName].filter((name) => name !== '').map((name) => spellingOf(name, domainName));
  if (userPrincipalName === '') return names;
  if (form === 'upn') return [spellingOf(userPrincipalName)];
  return names.some(({ domain }) => domain !== '') ? names : [...names, spellingOf(userPrincipalName)];
};

/** The suffix of a user principal name need not be the name of a domain, so it is only compared with another one. */
const mayBeSame = (one: Spelling, other: Spelling): boolean =>
  one.name === other.name &&
  (one.domain === '' || other.domain === '' || one.form !== other.form || !domainsDiffer(one.domain, other.domain));

/**
 * Finds the user that an account can belong to: its name is equal, and its domain is equal or cannot be compared. Names
 * are compared without case. Pure.
 */
export const userOf = (account: NamedAccount, users: readonly string[]): string | undefined =>
  users.find((user) => {
    const wanted = spellingOf(user);
    return spellingsFor(wanted, account).some((spelling) => mayBeSame(wanted, spelling));
  });

/** True if an account has a name and a domain. Without a domain, any account with the name has it. Pure. */
export const isNamed = (account: NamedAccount, name: string, domain: string): boolean => {
  const wanted = spellingOf(name, domain);
  return spellingsFor(wanted, account).some(
    (spelling) => mayBeSame(wanted, spelling) && (wanted.domain === '' || spelling.domain !== ''),
  );
};

/** True if a name, with the domain beside it, belongs to a domain. Pure. */
export const hasDomain = (name: string, domain: string): boolean => spellingOf(name, domain).domain !== '';
