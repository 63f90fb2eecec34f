import { describe, expect, it } from 'vitest';
import { REGISTERED_TYPES } from '#shared/config/registered-types.ts';
import { FILTER_NAMES } from '#shared/domain/filters.ts';
import { createNaming } from '#shared/domain/naming.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import type { ValueTemplate } from '#shared/domain/value-template.ts';
import { Secret } from '#shared/secret.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';

const PAGE = 'docs/names-and-templates.md';

/** The text of a cell in backticks; a cell without them stands for no text. */
const codeIn = (cell = ''): string => /^`(.*)`$/.exec(cell)?.[1] ?? '';

const rowsBelow = (heading: string): string[][] =>
  [...tableBelow(PAGE, heading).rows].map(([first, rest]) => [first, ...rest].map(codeIn));

const sources = Object.values(REGISTERED_TYPES.connections).flatMap((type) => Object.entries(type.sources));
const PATHS = Object.assign({}, ...sources.map(([source, type]) => type.rules({ source }).labels));

const nameOf = (template: string, { checkoutId, ...labels }: Readonly<Record<string, string>>): string =>
  createNaming({
    template,
    labels: PATHS,
    rules: awsSecretsManagerRules.name,
    ...(checkoutId !== undefined && { checkoutId }),
  })({ labels, title: 'the item' });

const contentOf = (template: ValueTemplate, credential: string) =>
  createRendering(template)
    .render(
      { labels: { systemName: 'db-01', accountName: 'sa' }, title: 'the item' },
      { secret: new Secret(credential) },
    )
    .reveal();

describe('the page of names and templates', () => {
  it('has the placeholders of every source', () => {
    const { rows } = tableBelow(PAGE, 'Placeholders');
    expect([...rows.keys()].map(codeIn).toSorted()).toEqual(sources.map(([source]) => source).toSorted());
    for (const [source, type] of sources) {
      const [named, others] = (rows.get(`\`${source}\``) ?? []).map((cell) => cell.split(/[,;] /).map(codeIn));
      const labels = Object.entries(type.rules({ source }).labels);
      const [ofValues, stable] = [true, false].map((isOfValue) =>
        labels
          .filter(([, { ofTurn = false, ofRead = false }]) => (ofTurn || ofRead) === isOfValue)
          .map(([label]) => label),
      );
      expect(named?.toSorted()).toEqual(stable?.toSorted());
      expect(others).toEqual(expect.arrayContaining(ofValues ?? []));
    }
  });

  it.each(rowsBelow('Accounts and their secrets'))(
    'names the secret of the account "%s" %s',
    (accountName = '', name) => {
      expect(nameOf('prod/{systemName}/{accountName}', { systemName: 'db-01', accountName })).toBe(name);
    },
  );

  it.each(rowsBelow('Other templates'))('names the secret of %s by %s', (labels = '', template = '', name) => {
    expect(nameOf(template, JSON.parse(labels))).toBe(name);
  });

  it.each(rowsBelow('Examples of values'))('renders %s', (value = '', credential = '', content) => {
    expect(contentOf(JSON.parse(value), credential)).toBe(content);
  });

  it('has every filter', () => {
    const { rows } = tableBelow(PAGE, 'Filters');
    expect([...rows.keys()].map(codeIn)).toEqual(FILTER_NAMES);
  });

  it('knows the limits of AWS Secrets Manager', () => {
    expect(awsSecretsManagerRules.name.maxLength).toBe(512);
    expect(awsSecretsManagerRules.valueBytes).toBe(65_536);
    expect(() => nameOf('prod/{accountName}', { accountName: 'a'.repeat(508) })).toThrow('512');
  });
});
