import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readName } from '#shared/domain/name-reading.ts';
import { createNaming, encodeQuoted, type NameRules } from '#shared/domain/naming.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';

const AWS: NameRules = awsSecretsManagerRules.name;
const labels = { systemName: {}, accountName: {}, folderPath: { path: true } } as const;
const TEMPLATES = [
  'prod/{systemName}/{accountName}',
  'prod/{systemName}-{accountName}',
  'prod/{folderPath}/{accountName}',
  'prod/{accountName}/x/{accountName}',
  'prod/{systemName}{accountName}',
];

const readAws = (template: string, name: string) => readName({ template, labels, rules: AWS }, name);

describe('reading the name of a secret', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', '-', '/', '_', '=', '2', 'D', 'ä', '🔑'), maxLength: 8 }),
    fc.constantFrom('db-backup', '=2D', '', '_'),
  );

  it('finds the item that was named, and only items with exactly this name', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEMPLATES), text, text, (template, one, other) => {
        const item = { title: 'x', labels: { systemName: one, folderPath: one, accountName: other } };
        const name = createNaming({ template, labels, rules: AWS })(item);
        const readings = readAws(template, name);
        expect(readings.length).toBeGreaterThan(0);
        for (const reading of readings) expect(reading.name).toBe(name);
        if (template === TEMPLATES[0]) {
          expect(readings.map((reading) => reading.labels)).toEqual([{ systemName: one, accountName: other }]);
        }
      }),
      { examples: [[TEMPLATES[0] ?? '', 'db-01', 'db-backup']] },
    );
  });

  it('says when a name is not that of its labels, and what is', () => {
    expect(readAws('prod/{systemName}', 'prod/db-backup')).toMatchObject([
      { labels: { systemName: 'db-backup' }, name: 'prod/db=2Dbackup', finishReason: expect.any(String) },
    ]);
    expect(readAws('prod/{systemName}', 'prod/db')).toMatchObject([{ name: 'prod/db', finishReason: undefined }]);
  });

  it.each([
    ['another folder', 'test/db'],
    ['too few parts', 'prod'],
    ['a slash that no label can have', 'prod/a/b'],
    ['a character that the store refuses', 'prod/a b'],
    ['an escape of an allowed character', 'prod/=61'],
    ['an escape of half a character', 'prod/=C3'],
    ['a lower-case escape', 'prod/=5c'],
  ])('finds nothing for %s', (_what, name) => expect(readAws('prod/{systemName}', name)).toEqual([]));

  it('finds every way to divide a name without separators, up to ten', () => {
    expect(readAws('p/{systemName}-{accountName}', 'p/a-b-c').map((reading) => reading.labels)).toEqual([
      { systemName: 'a', accountName: 'b-c' },
      { systemName: 'a-b', accountName: 'c' },
    ]);
    expect(readAws('p/{systemName}{accountName}', `p/${'a'.repeat(500)}`)).toHaveLength(10);
  });

  it('finds nothing for a store that cannot read names', () => {
    const rules: NameRules = {
      store: 'the shelf',
      maxLength: 20,
      allowed: { words: 'all', test: () => true },
      encodePart: encodeQuoted(/\//g),
    };
    expect(readName({ template: 'p/{systemName}', labels, rules }, 'p/a')).toEqual([]);
  });
});
