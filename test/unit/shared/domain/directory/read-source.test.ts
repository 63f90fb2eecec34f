import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readCsv } from '#shared/domain/directory/read-csv.ts';
import { readSource } from '#shared/domain/directory/read-source.ts';

const STAFF = [{ name: 'Staff' }, { name: 'On call' }];
const read = (text: string, format: 'json' | 'csv' = 'csv', groups: readonly { name: string }[] = STAFF) =>
  readSource({ text, format, groups, origin: 's3://people/members' });

describe('a source', () => {
  it('in CSV has members with their groups and collections', () => {
    const text =
      '\uFEFFEmail,type,groups,collections\r\n"Ann@Example.com",Owner,"Staff; On call",c1:readOnly+hidePasswords;c2\r\n\r\nbob@example.com,,,\r\n';
    const rights = { readOnly: false, hidePasswords: false, manage: false };
    expect(read(text)).toEqual({
      members: [
        {
          ...{ email: 'ann@example.com', type: 'owner', groups: ['Staff', 'On call'] },
          collections: [
            { collection: 'c1', ...rights, readOnly: true, hidePasswords: true },
            { collection: 'c2', ...rights },
          ],
        },
        { email: 'bob@example.com', groups: [], collections: [] },
      ],
      groups: [{ name: 'Staff' }, { name: 'On call' }],
      rejected: [],
    });
  });

  it('leaves the access as it is without the column', () => {
    expect(read('email,groups\nann@example.com,').members).toEqual([{ email: 'ann@example.com', groups: [] }]);
  });

  it('rejects each row that cannot be used alone, without its text', () => {
    const { members, rejected } = read(
      'email,groups\nann@example.com,\nsecret-text,\nbob@example.com,Staff;secret-text\ncid@example.com\n',
    );
    expect(members.map(({ email }) => email)).toEqual(['ann@example.com']);
    expect(rejected).toEqual([
      'row 2: email cannot be used.',
      'row 4: the row cannot be used.',
      'row 3 (bob@example.com), groups 2: is not a group under groups; add it there, or correct the name',
    ]);
  });

  it.each(["j.o'hara+50%@example.com", 'jürgen@bücher.example'])('can declare %s, as a directory can', (email) => {
    expect(read(`email,groups\n${email},`)).toMatchObject({ members: [{ email }], rejected: [] });
  });

  it('rejects an address with a character that does not show, and reads both spellings of a letter as one', () => {
    const { members, rejected } = read(
      'email,groups\nann@example.com\u200B,\nb\u00ADob@example.com,\nJu\u0308rgen@example.com,\n',
    );
    expect(members.map(({ email }) => email)).toEqual(['j\u00FCrgen@example.com']);
    expect(rejected).toEqual(['row 1: email cannot be used.', 'row 2: email cannot be used.']);
  });

  it.each([
    ['a quote that does not end', '"c1\neve@example.com,,c2\nfay@example.com,,c3'],
    ['a quote that ends in another row', '"c1\neve@example.com,,"c2"'],
    ['rights after a second colon', 'c1:readOnly:hidePasswords'],
    ['a collection twice', 'c1:readOnly;C1'],
  ])('rejects a row with %s, so that nothing is removed', (_what, cell) => {
    const { members, rejected } = read(`email,groups,collections\nann@example.com,,${cell}`);
    expect(members).toEqual([]);
    expect(rejected).toEqual([expect.stringMatching(/^row 1: .* cannot be used/)]);
  });

  it('needs no column for groups that the rule does not have', () => {
    expect(read('email\nann@example.com', 'csv', []).members).toEqual([{ email: 'ann@example.com', groups: [] }]);
  });

  it.each([
    ['no JSON', '{"members":', 'json'],
    ['another shape', '{"people":[]}', 'json'],
    ['no rows', '', 'csv'],
    ['another column', 'email,name\na@example.com,A', 'csv'],
    ['no column for the groups of the rule', 'email\na@example.com', 'csv'],
    ['columns between semicolons', 'email;groups\na@example.com;Staff', 'csv'],
    ['a column twice', 'email,email\na@example.com,b@example.com', 'csv'],
  ] as const)('with %s is refused as a whole', (_what, text, format) => {
    expect(() => read(text, format)).toThrow(/^s3:\/\/people\/members .* Nothing is changed/);
  });
});

it('CSV is read as it was written', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', ' ', 'é'), maxLength: 6 });
  const rows = fc.array(fc.tuple(fc.constant('x'), cell, cell), { minLength: 1, maxLength: 5 });
  const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
  fc.assert(
    fc.property(rows, (written) => {
      expect(readCsv(written.map((row) => row.map(quoted).join(',')).join('\r\n'))).toEqual(written);
    }),
    { seed: 7, numRuns: 100 },
  );
});
