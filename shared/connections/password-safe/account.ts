/** The kinds of account that Password Safe tells apart (reference: password-safe-api.md 2.1, query `type`). */
export const ACCOUNT_TYPES = ['system', 'domainlinked', 'database', 'cloud', 'application'] as const;
export type AccountType = (typeof ACCOUNT_TYPES)[number];

/** What a vault's list says of a privileged account. Holds no credential. */
interface AccountRow {
  readonly systemId: number;
  readonly accountId: number;
  readonly systemName: string;
  readonly accountName: string;
  /** Empty when the account belongs to no domain. */
  readonly domainName: string;
  /** Another name of a directory account, `name@domain`; undefined where the vault's row carries none. */
  readonly userPrincipalName?: string | undefined;
  /** Empty unless the selection asked for workgroups: the vault's row does not carry it. */
  readonly workgroupName: string;
  /** When the credential last changed, as UTC ISO 8601; undefined when the vault does not say, or not readably. */
  readonly changedAt?: string | undefined;
  /** That date as the vault writes it, where it can't be read. */
  readonly unreadableDate?: string | undefined;
  /** True while the vault is changing the credential, or has queued a change. */
  readonly changing: boolean;
  /** Present for application accounts, whose request has to name the application. */
  readonly applicationId?: number | undefined;
  /** The longest request that the vault grants for this account, in minutes. */
  readonly maximumReleaseMinutes?: number | undefined;
  /** Whether the user may take the credential without a request, by the ISA role. */
  readonly isaAccess: boolean;
}

/** A privileged account in a vault, as its list of requestable accounts shows it. */
export interface Account extends AccountRow {
  readonly kind: 'account';
}

/**
 * A name that points at one of several accounts at a time, the one that is not about to change (reference: 2.6, "Alias").
 * What it says of the account is that of the one that it points at now.
 */
export interface Alias extends AccountRow {
  readonly kind: 'alias';
  readonly aliasId: number;
  readonly aliasName: string;
}

/** How people name an account: `system/account`, with the domain where there is one. For messages and reports only. */
export const describeAccount = (account: Pick<Account, 'systemName' | 'accountName' | 'domainName'>): string =>
  account.domainName === ''
    ? `${account.systemName}/${account.accountName}`
    : `${account.systemName}/${account.domainName}\\${account.accountName}`;

/** The name by which the vault finds an account on its system: that of a directory account has its domain before it. */
export const nameInVault = ({ accountName, domainName }: Pick<Account, 'accountName' | 'domainName'>): string =>
  domainName === '' ? accountName : `${domainName}\\${accountName}`;
