import { describe, expect, it } from 'vitest';
import { isSelected } from '#shared/domain/selection.ts';
import { anAccount } from '#test/support/accounts.ts';

const everything = { systems: [], accounts: [], domains: [] };

describe('a selection', () => {
  it('takes every account when it names nothing', () => expect(isSelected(everything, anAccount())).toBe(true));

  it.each([
    [['db-*'], true],
    [['DB-*'], true],
    [['web-*'], false],
    [['db-*', '!db-0*'], false],
    [['!web-*'], true],
    [['web-*', '*-01'], true],
    [['db.01'], false],
  ])('by system %j takes db-01: %s', (systems, taken) =>
    expect(isSelected({ ...everything, systems }, anAccount())).toBe(taken),
  );

  it('takes what matches by system, account and domain at once', () => {
    const select = { systems: ['db-*'], accounts: ['sa'], domains: ['corp'] };
    expect(isSelected(select, anAccount({ domainName: 'CORP' }))).toBe(true);
    expect(isSelected(select, anAccount({ domainName: '' }))).toBe(false);
    expect(isSelected(select, anAccount({ domainName: 'CORP', accountName: 'root' }))).toBe(false);
  });
});
