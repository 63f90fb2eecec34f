import { describe, expect, it } from 'vitest';
import { createNaming } from '#shared/domain/naming.ts';
import { awsParameterStore } from '#shared/stores/aws-parameter-store/type.ts';
import type { StoreUse } from '#shared/stores/store.ts';
import { tableBelow } from '#test/support/markdown-tables.ts';

const PAGE = 'docs/stores/aws-parameter-store.md';
const codesIn = (cell = ''): string[] => [...cell.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code);

const settings = awsParameterStore.settings.parse({ type: 'aws-parameter-store' });

describe('the page of Parameter Store', () => {
  it.each([...tableBelow(PAGE, 'Names').rows])('names the parameter of the account %s', (account, [name]) => {
    const labels = { systemName: 'db-01', accountName: codesIn(account)[0] ?? '' };
    const template = 'databases/{systemName}/{accountName}';
    const nameOf = createNaming({
      template,
      labels: { systemName: {}, accountName: {} },
      rules: awsParameterStore.rules.name,
    });
    expect([nameOf({ labels, title: 'the item' })]).toEqual(codesIn(name));
  });

  it('has every setting with its default', () => {
    const { rows } = tableBelow(PAGE, 'Settings');
    expect([...rows.keys()].flatMap(codesIn).toSorted()).toEqual(
      Object.keys(awsParameterStore.settings.shape)
        .filter((name) => name !== 'type')
        .toSorted(),
    );
    expect(rows.get('`tier`')?.[0]).toBe(`\`${settings.tier}\``);
    expect(rows.get('`writesPerSecond`')?.[0]).toBe(String(settings.writesPerSecond));
  });

  it('has the actions of each use', () => {
    const scope = {
      session: 'sdr',
      owners: 'o',
      encryptionKey: 'k',
      partition: 'p',
      region: 'r',
      account: 'a',
      prefixes: ['databases/'],
    };
    const uses: StoreUse[] = ['list', 'inspect', 'deliver', 'retire'];
    const actions = uses.map((use) => [
      use,
      [...new Set(awsParameterStore.grants(settings, use, scope).flatMap((permission) => permission.actions))],
    ]);
    expect([...tableBelow(PAGE, 'Actions').rows].map(([use, [cell]]) => [use, codesIn(cell)])).toEqual(actions);
  });
});
