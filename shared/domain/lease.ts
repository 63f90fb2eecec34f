import type { Account } from '#shared/domain/account.ts';

/** What to ask the vault for. The duration is cut to what the vault grants for this account. */
export interface RequestTerms {
  readonly systemId: number;
  readonly accountId: number;
  readonly applicationId?: number | undefined;
  readonly durationMinutes: number;
  /** At most 1,000 characters. Approvers, audit and mails show it. */
  readonly reason: string;
}

export const requestTerms = (account: Account, requestMinutes: number, reason: string): RequestTerms => ({
  systemId: account.systemId,
  accountId: account.accountId,
  applicationId: account.applicationId,
  durationMinutes: Math.min(requestMinutes, account.maximumReleaseMinutes ?? requestMinutes),
  reason,
});
