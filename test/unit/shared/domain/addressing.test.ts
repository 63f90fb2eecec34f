import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AddressRules, createIsAddressed, maySelect } from '#shared/domain/addressing.ts';
import type { Labels } from '#shared/domain/item.ts';
import { foldCase, isSelected, type Patterns } from '#shared/domain/selection.ts';

/** An item is called by its host and its user, the user also as `DOMAIN\user` or `user@domain`. */
const RULES: AddressRules = {
  labels: ['host', 'user'],
  spellings: ({ host = '', user = '' }): readonly Labels[] => [
    { host, user },
    ...(user.includes('\\') ? [{ host, user: user.slice(user.lastIndexOf('\\') + 1) }] : []),
    ...(user.includes('@') ? [{ host, principal: user }] : []),
  ],
};

const isAddressedBy = (...addresses: Labels[]) => createIsAddressed(RULES, addresses);

describe('an address', () => {
  it.each<[what: string, address: Labels, labels: Labels, isMeant: boolean]>([
    ['the item', { host: 'db', user: 'sa' }, { host: 'db', user: 'sa' }, true],
    ['it in another case', { host: 'DB', user: 'Sa' }, { host: 'db', user: 'sA' }, true],
    ['it if the item has more labels', { host: 'db', user: 'sa' }, { host: 'db', user: 'sa', zone: 'x' }, true],
    ['it as the vault spells it', { host: 'db', user: 'CORP\\sa' }, { host: 'db', user: 'sa' }, true],
    ['it under another label', { host: 'db', user: 'sa@x' }, { host: 'db', user: 'other', principal: 'SA@x' }, true],
    ['no item of another host', { host: 'db', user: 'sa' }, { host: 'web', user: 'sa' }, false],
    ['no item without the label', { host: 'db', user: 'sa' }, { host: 'db' }, false],
    [
      'no item with the same texts joined differently',
      { host: 'a","b', user: 'c' },
      { host: 'a', user: 'b","c' },
      false,
    ],
    ['no item without the label', { host: 'db', user: 'sa@x' }, { host: 'db', user: 'sa' }, false],
  ])('means %s', (_what, address, labels, isMeant) => expect(isAddressedBy(address)(labels)).toBe(isMeant));

  it('matches an item if one of several addresses means it; no address matches nothing', () => {
    const labels = { host: 'db', user: 'sa' };
    expect(isAddressedBy({ host: 'web', user: 'sa' }, { host: 'db', user: 'sa' })(labels)).toBe(true);
    expect(isAddressedBy()(labels)).toBe(false);
  });
});

describe('patterns', () => {
  it.each<[patterns: Patterns, address: Labels, may: boolean]>([
    [{}, { host: 'db', user: 'sa' }, true],
    [{ host: ['db*'] }, { host: 'DB-1', user: 'sa' }, true],
    [{ host: ['web*'] }, { host: 'db', user: 'sa' }, false],
    [{ host: ['!db'] }, { host: 'db', user: 'sa' }, false],
    [{ user: ['sa'] }, { host: 'db', user: 'CORP\\sa' }, true],
    [{ user: ['sa'] }, { host: 'db', user: 'root@corp' }, true],
    [{ user: ['sa'], host: ['web'] }, { host: 'db', user: 'root@corp' }, false],
    [{ zone: ['inner'] }, { host: 'db', user: 'sa' }, true],
  ])('%j may select %j: %s', (patterns, address, may) => expect(maySelect(RULES, patterns, address)).toBe(may));
});

const word = fc.stringMatching(/^[abABσςΣ\\@]{0,3}$/);
const address = fc.record({ host: word, user: word });
const item = fc.record({ host: word, user: word, principal: word }, { requiredKeys: ['host', 'user'] });
const glob = fc.stringMatching(/^!?[abABσςΣ*@]{1,3}$/);
const patterns = fc.record({ host: fc.array(glob, { maxLength: 2 }), user: fc.array(glob, { maxLength: 2 }) });

/** An address, and a matching item in another case. */
const addressed = fc.record({ called: address, at: fc.nat(2), user: word }).map(({ called, at, user }) => {
  const spellings = RULES.spellings(called);
  const spelling = Object.entries(spellings[at % spellings.length] ?? called);
  const other = Object.fromEntries(spelling.map(([label, text]) => [label, text.toUpperCase()]));
  return { called, labels: { user, ...other } };
});

it('patterns never rule out the address of an item that they select', () => {
  fc.assert(
    fc.property(addressed, patterns, ({ called, labels }, wanted) => {
      expect(isAddressedBy(called)(labels)).toBe(true);
      expect(maySelect(RULES, wanted, called)).toSatisfy((may) => may || !isSelected(wanted, labels));
    }),
    { numRuns: 500 },
  );
});

it('an address means an item by any of its spellings, whatever other addresses exist', () => {
  const isSpelled = (labels: Labels, spelling: Labels): boolean =>
    Object.entries(spelling).every(([label, text]) => foldCase(labels[label] ?? '') === foldCase(text));
  fc.assert(
    fc.property(item, fc.array(address, { maxLength: 4 }), (labels, addresses) => {
      const isMeant = addresses.some((each) => RULES.spellings(each).some((spelling) => isSpelled(labels, spelling)));
      expect(isAddressedBy(...addresses)(labels)).toBe(isMeant);
    }),
    { numRuns: 500 },
  );
});
