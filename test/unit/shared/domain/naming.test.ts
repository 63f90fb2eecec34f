import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createNaming, encodeNamePart } from '#shared/domain/naming.ts';
import { anAccount, anyAccount } from '#test/support/accounts.ts';

const MAY_STAND_IN_A_NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

describe('the name of a secret', () => {
  const nameOf = createNaming('prod/{systemName}/{domainName}/{accountName}');

  it('keeps what reads well', () => {
    expect(nameOf(anAccount({ domainName: 'corp.example' }))).toBe('prod/db-01/corp.example/sa');
  });

  it.each([
    ['a\\b', 'a=5Cb'],
    ['a/b', 'a=2Fb'],
    ['a=b', 'a=3Db'],
    ['ä ö', '=C3=A4=20=C3=B6'],
    ['🔑', '=F0=9F=94=91'],
    ['', '_'],
    ['_', '=5F'],
    ['__', '__'],
  ])('writes %j as %s', (text, encoded) => expect(encodeNamePart(text)).toBe(encoded));

  it('does not end like the suffix of an ARN', () => {
    expect(nameOf(anAccount({ accountName: 'svc-backup' }))).toBe('prod/db-01/_/svc=2Dbackup');
    expect(nameOf(anAccount({ accountName: 'svc-mail' }))).toBe('prod/db-01/_/svc-mail');
  });

  it('never is the same for accounts that differ in what the template names', () => {
    fc.assert(
      fc.property(anyAccount, anyAccount, (one, other) => {
        const same =
          one.systemName.isWellFormed() &&
          other.systemName.isWellFormed() &&
          one.systemName === other.systemName &&
          one.domainName === other.domainName &&
          one.accountName === other.accountName;
        expect(nameOf(one) === nameOf(other)).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it('always is one that Secrets Manager takes', () => {
    fc.assert(
      fc.property(anyAccount, (account) => {
        expect(nameOf(account)).toMatch(MAY_STAND_IN_A_NAME);
        expect(nameOf(account)).not.toMatch(/-[A-Za-z0-9]{6}$/);
      }),
    );
  });

  it('is refused when it is too long, with the account and the fix', () => {
    expect(() => nameOf(anAccount({ systemName: 'x'.repeat(520) }))).toThrow(
      /xxx\/sa would be .* Shorten the name template/,
    );
  });

  it('is never made from the credential', () => {
    expect(() => createNaming('prod/{credential}')(anAccount())).toThrow(/must not contain \{credential\}/);
  });
});
