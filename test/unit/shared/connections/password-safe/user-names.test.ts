import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isNamed, type NamedAccount, userOf } from '#shared/connections/password-safe/user-names.ts';

const anAccount = (more: Partial<NamedAccount> = {}): NamedAccount => ({
  accountName: 'svc-relay',
  domainName: '',
  userPrincipalName: '',
  samAccountName: '',
  ...more,
});
const CORP = anAccount({ domainName: 'CORP', userPrincipalName: 'svc-relay@corp.example' });
const UNSURE = anAccount({ domainName: 'corp.example' });

describe('the user that an account can belong to', () => {
  it.each([
    ['its name and domain', CORP, 'CORP\\svc-relay', true],
    ['the doubled backslash of a sample', CORP, 'corp\\\\SVC-Relay', true],
    ['its user principal name', CORP, 'Svc-Relay@Corp.Example', true],
    ['another user principal name', CORP, 'svc-relay@lab.example', false],
    ['another domain', CORP, 'LAB\\svc-relay', false],
    ['another name', CORP, 'CORP\\svc-other', false],
    ['a name without a domain', CORP, 'svc-relay', true],
    ['a NetBIOS name where only the DNS name is known', UNSURE, 'CORP\\svc-relay', true],
    ['another DNS name', UNSURE, 'lab.example\\svc-relay', false],
    ['a suffix that is no domain', UNSURE, 'svc-relay@example', true],
    ['a domain where none is known', anAccount(), 'CORP\\svc-relay', true],
    ['a domain that is the word of clients for none', anAccount({ domainName: 'None' }), 'CORP\\svc-relay', true],
    ['a domain in the name of the account', anAccount({ accountName: 'corp\\svc-relay' }), 'CORP\\svc-relay', true],
    [
      'another domain in the name of the account',
      anAccount({ accountName: 'lab\\svc-relay' }),
      'CORP\\svc-relay',
      false,
    ],
    [
      'the name before Windows 2000',
      anAccount({ accountName: 'Relay', samAccountName: 'svc-relay' }),
      'svc-relay',
      true,
    ],
  ])('is found by %s', (_, account, user, expected) => {
    expect(userOf(account, ['someone', user])).toBe(expected ? user : undefined);
  });

  it('is found for an account in each spelling, in any case', () => {
    const word = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
    fc.assert(
      fc.property(word, word, fc.boolean(), (name, domain, isUpper) => {
        const dns = `${domain}.example`;
        const account = anAccount({ accountName: name, domainName: domain, userPrincipalName: `${name}@${dns}` });
        for (const user of [name, `${domain}\\${name}`, `${dns}\\${name}`, `${name}@${dns}`]) {
          const written = isUpper ? user.toUpperCase() : user;
          expect(userOf(account, [written])).toBe(written);
          expect(userOf({ ...account, accountName: `${name}x`, userPrincipalName: '' }, [written])).toBeUndefined();
        }
      }),
    );
  });
});

describe('an account named by a functional account', () => {
  it.each([
    ['in its domain', CORP, 'svc-relay', 'corp', true],
    ['in another domain', CORP, 'svc-relay', 'lab', false],
    ['in a domain, while the account has none', anAccount(), 'svc-relay', 'corp', false],
    ['without a domain', anAccount(), 'SVC-RELAY', '', true],
    ['without a domain, by another name', anAccount(), 'svc', '', false],
  ])('%s', (_, account, name, domain, expected) => {
    expect(isNamed(account, name, domain)).toBe(expected);
  });
});
