/** Account types of Password Safe (reference: password-safe-api.md 2.1, query `type`). */
export const ACCOUNT_TYPES = ['system', 'domainlinked', 'database', 'cloud', 'application'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** Fields of a privileged account in the vault's list. Contains no credential. */
interface AccountRow {
  readonly systemId: number;
  readonly accountId: number;
  readonly systemName: string;
  readonly accountName: string;
  /** Empty if the account belongs to no domain. */
  readonly domainName: string;
  /** User principal name of a directory account, `name@domain`; undefined if the row has none. */
  readonly userPrincipalName?: string | undefined;
  /** Empty unless the selection filters by workgroup: the row itself does not contain it. */
  readonly workgroupName: string;
  /** Time of the last credential change, UTC ISO 8601; undefined if missing or unreadable. */
  readonly changedAt?: string | undefined;
  /** The change date as the vault sent it, if it is unreadable. */
  readonly unreadableDate?: string | undefined;
  /** True while the vault is changing the credential or has queued a change. */
  readonly changing: boolean;
  /** Present for application accounts, whose requests must name the application. */
  readonly applicationId?: number | undefined;
  /** Longest request that the vault grants for this account, in minutes. */
  readonly maximumReleaseMinutes?: number | undefined;
  /** True if the user can read the credential through the ISA role, without a request. */
  readonly isaAccess: boolean;
}

/** A privileged account in a vault, as its list of requestable accounts shows it. */
export interface Account extends AccountRow {
  readonly kind: 'account';
}

/**
 * A name that points at one of several accounts: the one that is not about to change (reference: 2.6, "Alias"). The
 * account fields describe the account that it points at now.
 */
export interface Alias extends AccountRow {
  readonly kind: 'alias';
  readonly aliasId: number;
  readonly aliasName: string;
}

/** Name of an account in messages and reports: `system/account`, with the domain if there is one. */
export const describeAccount = (account: Pick<Account, 'systemName' | 'accountName' | 'domainName'>): string =>
  account.domainName === ''
    ? `${account.systemName}/${account.accountName}`
    : `${account.systemName}/${account.domainName}\\${account.accountName}`;

/** Account name for a lookup in the vault: `DOMAIN\name` for a directory account. */
export const nameInVault = ({ accountName, domainName }: Pick<Account, 'accountName' | 'domainName'>): string =>
  domainName === '' ? accountName : `${domainName}\\${accountName}`;
