import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Item } from '#shared/domain/item.ts';
import { createNaming, type NameRules } from '#shared/domain/naming.ts';
import { isWholeSegment } from '#shared/domain/template.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { aFiledItem, anItem, anyItem } from '#test/unit/shared/domain/items.ts';

const MAY_STAND_IN_A_NAME = /^[A-Za-z0-9/_+=.@-]{1,512}$/;

const AWS: NameRules = awsSecretsManagerRules.name;

const labels = { systemName: {}, accountName: {}, domainName: {}, folderPath: { path: true }, title: {} } as const;

const naming = (template: string, checkoutId?: string): ((item: Item) => string) =>
  createNaming({ template, labels, rules: AWS, ...(checkoutId === undefined ? {} : { checkoutId }) });

describe('the name of a secret', () => {
  const nameOf = naming('prod/{systemName}/{domainName}/{accountName}');

  it('keeps readable texts unchanged', () => {
    expect(nameOf(anItem({ labels: { domainName: 'corp.example' } }))).toBe('prod/db-01/corp.example/sa');
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
  ])('writes %j as %s', (text, encoded) => expect(AWS.encodePart(text)).toBe(encoded));

  it('does not end like the suffix of an ARN', () => {
    expect(nameOf(anItem({ labels: { accountName: 'svc-backup' } }))).toBe('prod/db-01/_/svc=2Dbackup');
    expect(nameOf(anItem({ labels: { accountName: 'svc-mail' } }))).toBe('prod/db-01/_/svc-mail');
  });

  it('is never the same for items that differ in the labels of the template', () => {
    fc.assert(
      fc.property(anyItem, anyItem, ({ labels: one, ...item }, { labels: other }) => {
        const isSame =
          one['systemName'] === other['systemName'] &&
          one['domainName'] === other['domainName'] &&
          one['accountName'] === other['accountName'];
        fc.pre(Object.values({ ...one, ...other }).every((text) => text.isWellFormed()));
        expect(nameOf({ ...item, labels: one }) === nameOf({ ...item, labels: other })).toBe(isSame);
      }),
      { numRuns: 500 },
    );
  });

  it('is always one that Secrets Manager accepts', () => {
    fc.assert(
      fc.property(anyItem, (item) => {
        expect(nameOf(item)).toMatch(MAY_STAND_IN_A_NAME);
        expect(nameOf(item)).not.toMatch(/-[A-Za-z0-9]{6}$/);
      }),
    );
  });

  it('is refused if it is too long, with the item, the store and the fix', () => {
    const long = anItem({ title: 'xxx/sa', labels: { systemName: 'x'.repeat(520) } });
    expect(() => nameOf(long)).toThrow(
      /xxx\/sa would be 530 characters long; Secrets Manager allows 512\. Shorten the name template/,
    );
  });

  it('is never made from the credential', () => {
    expect(() => naming('prod/{credential}')(anItem())).toThrow(/must not contain \{credential\}/);
    expect(() => naming('prod/{passphrase}')(anItem())).toThrow(/must not contain \{passphrase\}/);
  });

  it('has no filter', () => {
    expect(() => naming('prod/{accountName:url}')(anItem())).toThrow(/must not contain the filter :url/);
  });

  it('contains the id of a checkout as one part', () => {
    expect(naming('tickets/{checkoutId}/{accountName}', 'CHG/1')(anItem())).toBe('tickets/CHG=2F1/sa');
    expect(naming('tickets/{checkoutId}/{accountName}')(anItem({ labels: { checkoutId: 'of the vault' } }))).toBe(
      'tickets/_/sa',
    );
  });
});

describe('names of two checkouts', () => {
  const id = fc.stringMatching(/^[A-Z][A-Z0-9.-]{0,3}$/);
  const text = fc.string({ unit: fc.constantFrom('A', '-', '/', '_', '=', '1'), maxLength: 4 });
  const item = fc
    .record({ systemName: text, accountName: text, folderPath: text })
    .map((made) => anItem({ labels: made }));
  const part = fc.constantFrom('{systemName}', '{accountName}-{systemName}', 'x{accountName}', '{folderPath}', 'x');
  /** The folder of the rule, then parts in any order; one of them is the id. */
  const template = fc
    .tuple(fc.array(part, { maxLength: 2 }), fc.array(part, { maxLength: 2 }))
    .map(([before, after]) => ['co', ...before, '{checkoutId}', ...after].join('/'))
    .filter((made) => isWholeSegment(made, ['checkoutId'], ['folderPath']));

  it('never collide if the id is alone in a part, whatever the labels contain', () => {
    fc.assert(
      fc.property(template, id, id, item, item, (made, one, other, its, others) => {
        fc.pre(one !== other);
        expect(naming(made, one)(its)).not.toBe(naming(made, other)(others));
      }),
      { numRuns: 1000 },
    );
  });

  it('collide if the id is not alone in a part', () => {
    const of = (checkoutId: string, systemName: string): string =>
      naming('co/{checkoutId}-{systemName}', checkoutId)(anItem({ labels: { systemName } }));
    expect(of('CHG1', 'db-01')).toBe(of('CHG1-db', '01'));
  });
});

describe('a label that is a path', () => {
  const nameOf = naming('safe/{folderPath}/{title}');
  const filed = (folderPath: string, title: string) => aFiledItem({ labels: { folderPath, title } });

  it('keeps its folders in the name, and encodes every unsuitable character', () => {
    expect(nameOf(aFiledItem())).toBe('safe/Team/Apps/api');
    expect(nameOf(filed('Team A//b', 'c/d'))).toBe('safe/Team=20A/_/b/c=2Fd');
  });

  it('results in a unique name for each folder and title', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '/', '_', '=', ' ', 'é'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, text, text, (folderPath, title, otherPath, otherTitle) => {
        const [one, other] = [nameOf(filed(folderPath, title)), nameOf(filed(otherPath, otherTitle))];
        expect(one === other).toBe(folderPath === otherPath && title === otherTitle);
      }),
    );
  });
});

describe('a store with its own rules', () => {
  it('decides how a part is encoded, how long a name may be, and how it may end', () => {
    const rules: NameRules = {
      store: 'the shelf',
      maxLength: 8,
      allowed: { words: 'letters', test: (character) => /[a-z]/.test(character) },
      encodePart: (text) => `<${text}>`,
      finish: (name) => `${name}.`,
    };
    expect(createNaming({ template: 'a{title}', labels, rules })(aFiledItem())).toBe('a<api>.');
    expect(() => createNaming({ template: 'abc{title}', labels, rules })(aFiledItem())).toThrow(
      'The secret name for Team/Apps/api would be 9 characters long; the shelf allows 8.',
    );
  });
});
