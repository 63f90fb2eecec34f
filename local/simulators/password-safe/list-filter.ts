import type { FleetAccount } from './fleet.ts';

/** Filter of a list of accounts. */
export interface ListFilter {
  readonly type?: string | undefined;
  readonly workgroup?: string | undefined;
  readonly systemName?: string | undefined;
  readonly systemId?: number | undefined;
  readonly accountName?: string | undefined;
  readonly applicationDisplayName?: string | undefined;
  readonly ipAddress?: string | undefined;
}

export const lower = (text: string): string => text.toLowerCase();

/** The names that identify an account in calls: its own, and for a directory account also `DOMAIN\name` and the UPN. */
export const accountNames = ({ accountName, domainName, userPrincipalName }: FleetAccount): string[] => [
  lower(accountName),
  ...(domainName === null ? [] : [lower(`${domainName}\\${accountName}`)]),
  ...(userPrincipalName === null ? [] : [lower(userPrincipalName)]),
];

/** True if an account has everything that the filter names. Its texts are in lower case. */
export const matches = (row: FleetAccount, filter: ListFilter): boolean =>
  (filter.type === undefined || row.type === filter.type) &&
  (filter.workgroup === undefined || lower(row.workgroup) === filter.workgroup) &&
  (filter.systemName === undefined || lower(row.systemName) === filter.systemName) &&
  (filter.systemId === undefined || row.systemId === filter.systemId) &&
  (filter.ipAddress === undefined || row.ipAddress === filter.ipAddress) &&
  (filter.accountName === undefined || accountNames(row).includes(filter.accountName)) &&
  (filter.applicationDisplayName === undefined ||
    lower(row.applicationDisplayName ?? '') === filter.applicationDisplayName);
