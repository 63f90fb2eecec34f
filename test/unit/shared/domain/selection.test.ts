import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { foldCase, isSelected, matchesGlobs, warningOf } from '#shared/domain/selection.ts';
import { anItem } from '#test/unit/shared/domain/items.ts';

const { labels } = anItem();

describe('a selection', () => {
  it('accepts every item if it names nothing', () => {
    expect(isSelected({}, labels)).toBe(true);
    expect(isSelected({ systemName: [], accountName: [] }, labels)).toBe(true);
  });

  it.each([
    [['db-*'], true],
    [['DB-*'], true],
    [['web-*'], false],
    [['db-*', '!db-0*'], false],
    [['!web-*'], true],
    [['web-*', '*-01'], true],
    [['db.01'], false],
  ])('for systems %j accepts db-01: %s', (systemName, taken) => expect(isSelected({ systemName }, labels)).toBe(taken));

  it('accepts only items that match all its patterns at once', () => {
    const patterns = { systemName: ['db-*'], accountName: ['sa'], domainName: ['corp'] };
    expect(isSelected(patterns, { ...labels, domainName: 'CORP' })).toBe(true);
    expect(isSelected(patterns, { ...labels, domainName: '' })).toBe(false);
    expect(isSelected(patterns, { ...labels, domainName: 'CORP', accountName: 'root' })).toBe(false);
  });

  it('treats a missing label as empty', () => {
    expect(isSelected({ workgroupName: ['apps'] }, labels)).toBe(false);
    expect(isSelected({ workgroupName: ['!apps'] }, labels)).toBe(true);
    expect(isSelected({ toString: ['*native*'] }, labels)).toBe(false);
  });
});

describe('a pattern', () => {
  it.each([
    ['CORP\\svc*', 'CORP\\svc-app', true],
    ['CORP\\svc*', 'CORPsvc-app', false],
    ['corp\\*', 'CORP\\svc', true],
    ['a\\*', 'a*', false],
    ['*\\', 'corp\\', true],
    ['!CORP\\svc-admin', 'CORP\\svc-admin', false],
    ['!CORP\\svc-admin', 'CORPsvc-admin', true],
    ['\\!sa', 'sa', false],
    ['!!sa', '!sa', false],
    ['a*!b', 'a1!b', true],
  ])('%s reads backslashes and exclamation marks literally, so that it matches %s: %s', (glob, text, taken) =>
    expect(matchesGlobs(text, [glob])).toBe(taken),
  );

  it.each(['a?', '[ab]', '{a,b}', 'a|b', '^a', 'a$', '(a)', 'a+', '.', '@(a)', '**/a'])(
    '%s has no special characters except stars',
    (glob) => {
      expect(matchesGlobs(glob.replaceAll('*', ''), [glob])).toBe(true);
      for (const text of ['a', 'b', 'ab', 'aa', '^']) expect(matchesGlobs(text, [glob])).toBe(glob === text);
    },
  );

  it.each([
    ['müller*', 'MÜLLER-1', true],
    ['ΣΊΣΥΦΟΣ', 'σίσυφος', true],
    ['ΟΔΟΣ*', 'οδοσ-1', true],
    ['dž', 'DŽ', true],
    ['𐐀', '𐐨', true],
    ['strasse', 'straße', false],
  ])('%s matches %s in any case: %s', (glob, text, taken) => expect(matchesGlobs(text, [glob])).toBe(taken));
});

describe('a list of patterns', () => {
  it.each([[['db-*', '!db-test-*']], [['!db-test-*', 'db-*']], [['db-1', '!db-test-*', 'db-*', 'db-test-1']]])(
    '%j excludes wherever the exclusion is',
    (globs) => {
      expect(['db-1', 'db-test-1', 'web-1'].filter((text) => matchesGlobs(text, globs))).toEqual(['db-1']);
    },
  );

  it('of only exclusions accepts everything else', () => {
    const taken = ['db-1', 'db-test-1', 'web-1', ''].filter((text) => matchesGlobs(text, ['!db-test-*', '!WEB-*']));
    expect(taken).toEqual(['db-1', '']);
  });
});

/** The definition, character by character: slow, and obviously correct. */
const takes = (pattern: string, text: string): boolean => {
  if (pattern === '') return text === '';
  if (pattern.startsWith('*')) {
    return takes(pattern.slice(1), text) || (text !== '' && takes(pattern, text.slice(1)));
  }
  return text !== '' && pattern.charAt(0) === text.charAt(0) && takes(pattern.slice(1), text.slice(1));
};

const takesList = (text: string, globs: readonly string[]): boolean => {
  const patterns = globs.map((glob) => glob.toLowerCase());
  const isNamed = (pattern: string) => takes(pattern, text.toLowerCase());
  const excluded = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const included = patterns.filter((pattern) => !pattern.startsWith('!'));
  return !excluded.some(isNamed) && (included.length === 0 || included.some(isNamed));
};

describe('matching', () => {
  const letters = (alphabet: string, maxLength: number) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength });

  it('agrees with its definition, for any patterns and texts', () => {
    const lists = fc.array(letters('aAb**!\\?', 6), { maxLength: 3 });
    fc.assert(
      fc.property(letters('aAbB!\\?', 7), lists, (text, globs) => {
        expect(matchesGlobs(text, globs)).toBe(takesList(text, globs));
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts each text as its own pattern in any case, unless it begins with an exclamation mark', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
        const glob = text.startsWith('!') ? `*${text}` : text;
        for (const each of [text, text.toLowerCase()]) expect(matchesGlobs(each, [glob.toLowerCase()])).toBe(true);
        expect(matchesGlobs(text, [`!${text}`])).toBe(false);
      }),
    );
  });

  it('folds the case of a text as that of its pieces, so that a pattern can be cut anywhere', () => {
    const pieces = fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), letters('ΣσςΑİI ', 3)), { maxLength: 4 });
    fc.assert(
      fc.property(pieces, (texts) => {
        expect(foldCase(texts.join(''))).toBe(texts.map(foldCase).join(''));
      }),
    );
  });

  it('searches for each piece of a pattern once, from the end of the previous piece', () => {
    const indexOf = vi.spyOn(String.prototype, 'indexOf');
    try {
      const text = 'a'.repeat(2000);
      const globs = ['*a'.repeat(1000).concat('*b*')];
      expect(matchesGlobs(text, globs)).toBe(false);
      const searches = indexOf.mock.calls.filter(([piece]) => piece === 'a' || piece === 'b');
      expect(searches).toHaveLength(1001);
      expect(searches.map(([, from]) => from)).toEqual(Array.from({ length: 1001 }, (_, index) => index));
    } finally {
      indexOf.mockRestore();
    }
  });
});

describe('the warning about a pattern', () => {
  it.each(['db-*', '!db-test-*', 'CORP\\svc*', 'DOMAIN\\a b', 'svc_a+b@corp.com', "o'neil", '*', '!'])(
    'is absent for %s',
    (pattern) => expect(warningOf(pattern)).toBeUndefined(),
  );

  it.each([
    ['db-0?', 'contains "?", which matches itself in a pattern; only * is a wildcard, and only a leading ! excludes'],
    [
      '[ab]-*',
      'contains "[", "]", which match themselves in a pattern; only * is a wildcard, and only a leading ! excludes',
    ],
    ['{db,app}-*', expect.stringContaining('"{", "}"')],
    ['^svc$', expect.stringContaining('"^", "$"')],
    ['! db-test-*', expect.stringContaining('begins or ends with a space')],
    [' db-*', expect.stringContaining('begins or ends with a space')],
    ['db-* ', expect.stringContaining('begins or ends with a space')],
  ])('is present for %j', (pattern, doubt) => expect(warningOf(pattern)).toEqual(doubt));
});
