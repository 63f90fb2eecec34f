import fc from 'fast-check';
import type { Account, Alias } from '#shared/domain/account.ts';

/** An account to begin with; a test names only what matters to it. */
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

const anyText = fc.string({ unit: 'binary', maxLength: 20 });

/** Accounts as awkward as a vault may hold them. */
export const anyAccount: fc.Arbitrary<Account> = fc.record({
  kind: fc.constant('account'),
  systemId: fc.integer({ min: 1, max: 50 }),
  accountId: fc.integer({ min: 1, max: 50 }),
  systemName: anyText,
  accountName: anyText,
  domainName: anyText,
  workgroupName: fc.constant(''),
  changedAt: fc.option(
    fc.date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) }).map((date) => date.toISOString()),
    { nil: undefined },
  ),
  changing: fc.boolean(),
  isaAccess: fc.boolean(),
});

/** An alias that points at the account that {@link anAccount} gives. */
export const anAlias = (overrides: Partial<Alias> = {}): Alias => ({
  ...anAccount(),
  kind: 'alias',
  aliasId: 7,
  aliasName: 'payments',
  ...overrides,
});
