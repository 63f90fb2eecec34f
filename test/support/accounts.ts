import type { Account, Alias } from '#shared/connections/password-safe/account.ts';

/** An account with defaults. */
export const anAccount = (overrides: Partial<Account> = {}): Account => ({
  kind: 'account',
  systemId: 1,
  accountId: 10,
  systemName: 'db-01',
  accountName: 'sa',
  domainName: '',
  workgroupName: '',
  changedAt: '2026-01-02T03:04:05.000Z',
  changing: false,
  maximumReleaseMinutes: 120,
  isaAccess: false,
  ...overrides,
});

/** An alias of the account that {@link anAccount} returns. */
export const anAlias = (overrides: Partial<Alias> = {}): Alias => ({
  ...anAccount(),
  kind: 'alias',
  aliasId: 7,
  aliasName: 'payments',
  ...overrides,
});
