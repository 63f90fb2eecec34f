import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountItem, aliasItem, pairItem } from '#shared/connections/password-safe/sources/account-items.ts';
import { safeItem } from '#shared/connections/password-safe/sources/safe-items.ts';
import { SOURCES, type SourceName } from '#shared/connections/password-safe/sources/sources.ts';
import { createIsAddressed, maySelect } from '#shared/domain/addressing.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { createNaming, type NameRules } from '#shared/domain/naming.ts';
import { isSelected } from '#shared/domain/selection.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { anAccount, anAlias } from '#test/support/accounts.ts';
import { aSafeSecret } from '#test/support/fake-safe.ts';

const rulesOf = (source: SourceName, settings: Record<string, unknown> = {}) =>
  SOURCES[source].rules({ source, ...settings });

const ITEMS: Readonly<Record<SourceName, Item>> = {
  accounts: accountItem(anAccount(), 'password'),
  aliases: aliasItem(anAlias(), 'password'),
  pairs: pairItem('orders', [anAccount(), anAccount({ accountId: 11, accountName: 'sb' })], 'password'),
  'secrets-safe': safeItem(aSafeSecret()),
};
const NAMES = Object.keys(SOURCES).filter((name): name is SourceName => Object.hasOwn(SOURCES, name));

/** A store that accepts every name. */
const ANY_NAME: NameRules = {
  store: 'a store',
  maxLength: 1000,
  allowed: { words: 'anything', test: () => true },
  encodePart: encodeURIComponent,
};

describe('an item', () => {
  it('has a key that differs from that of every other source, and its usual name as title', () => {
    expect(Object.values(ITEMS).map(({ ref }) => itemKey(ref))).toEqual([
      'account:1:10',
      'alias:7',
      'pair:orders',
      'safe-secret:s1',
    ]);
    expect(Object.values(ITEMS).map(({ title }) => title)).toEqual([
      'db-01/sa',
      'payments (db-01/sa)',
      'orders',
      'Team/Apps/api',
    ]);
    expect(accountItem(anAccount({ domainName: 'CORP' }), 'password').title).toBe('db-01/CORP\\sa');
  });

  it('has labels that describe it, and no empty ones', () => {
    expect(ITEMS.aliases.labels).toMatchObject({ aliasName: 'payments', accountName: 'sa', systemId: '1' });
    expect(ITEMS.accounts.labels).not.toHaveProperty('aliasName');
    expect(ITEMS.aliases.labels).not.toHaveProperty('workgroupName');
    expect(ITEMS['secrets-safe'].labels).toEqual({
      folderPath: 'Team/Apps',
      title: 'api',
      username: 'svc',
      type: 'credential',
      secretId: ITEMS['secrets-safe'].ref.id,
    });
  });

  it('changes in the vault by itself, except in Secrets Safe, where people change it', () => {
    const changing = [
      accountItem(anAccount({ changing: true }), 'password'),
      aliasItem(anAlias({ changing: true }), 'password'),
      ITEMS['secrets-safe'],
    ];
    expect(changing.map((item) => item.changing)).toEqual([true, true, false]);
  });

  it('is delivered unchanged if it is a text or a file', () => {
    const isVerbatim = (['credential', 'text', 'file'] as const).map(
      (type) => safeItem(aSafeSecret({ type })).verbatim,
    );
    expect(isVerbatim).toEqual([undefined, true, true]);
  });

  const stamp = (item: Item) => stampOf('vault', item, 'v1');

  it('has another stamp for a key than for a password', () => {
    expect(stamp(accountItem(anAccount(), 'dsskey'))).not.toBe(stamp(ITEMS.accounts));
    expect(stamp(aliasItem(anAlias(), 'dsskey'))).not.toBe(stamp(ITEMS.aliases));
  });

  it('that is an alias has another stamp under the same key if it points to another account', () => {
    const after = aliasItem(anAlias({ accountId: 11 }), 'password');
    expect(after.ref).toEqual(ITEMS.aliases.ref);
    expect(stamp(after)).not.toBe(stamp(ITEMS.aliases));
  });
});

describe.each(NAMES)('the rules of the source %s', (source) => {
  it('use only labels that its items have', () => {
    const { labels, patterns, needs, address } = rulesOf(source);
    const used = [
      ...Object.keys(labels),
      ...Object.keys(patterns),
      ...needs.flatMap(({ oneOf }) => oneOf),
      ...(address?.labels ?? []),
    ];
    expect(used.filter((label) => ITEMS[source].labels[label] === undefined)).toEqual([]);
  });

  it('select everything if they name nothing', () => {
    expect(isSelected(rulesOf(source).patterns, ITEMS[source].labels)).toBe(true);
  });

  it('match the defaults of a sync', () => {
    const sync = SOURCES[source].sync?.parse({
      source,
      connection: 'vault',
      stores: ['aws'],
      name: 'prod/{credential}',
      schedule: { expression: 'rate(1 hour)' },
    });
    const defaults = rulesOf(source, Object(sync));
    expect(defaults.rotationWindowMinutes).toBe(source === 'secrets-safe' ? 0 : 10);
    expect(defaults.leaseMinutes?.minutes).toBe(source === 'secrets-safe' ? undefined : 15);
  });

  it('are refused with a fix if another version made them', () => {
    const broken = () => rulesOf(source, { select: 'everything' });
    expect(broken).toThrow(expect.objectContaining({ name: 'ConfigurationInvalid' }));
  });
});

describe('the rules of accounts', () => {
  it('follow from the access and the delivered credential', () => {
    expect(rulesOf('accounts')).toMatchObject({ accessKind: 'leases', opens: 'credential', hasPassphrase: false });
    expect(rulesOf('accounts', { access: 'isa' })).toMatchObject({ accessKind: 'plain-reads', opens: 'credential' });
    expect(rulesOf('accounts', { access: 'isa' }).leaseMinutes).toBeUndefined();
    expect(rulesOf('accounts', { credential: 'dsskey' }).hasPassphrase).toBe(true);
    expect(rulesOf('accounts', { delivers: 'dsskey' }).hasPassphrase).toBe(true);
    expect(rulesOf('accounts', { delivers: 'rdp-file' })).toMatchObject({ opens: 'target-session' });
    expect(rulesOf('accounts', { requestMinutes: 9 }).leaseMinutes).toEqual({ setting: 'requestMinutes', minutes: 9 });
  });

  it('do not build names from principal names, which not every account has', () => {
    expect(rulesOf('accounts').labels).not.toHaveProperty('userPrincipalName');
    const named = accountItem(anAccount({ userPrincipalName: 'sa@corp.example' }), 'password');
    expect(named.labels['userPrincipalName']).toBe('sa@corp.example');
  });

  it('refuse, without a call, an account without the ISA role, and a plan of another source', () => {
    const { refusal } = rulesOf('accounts', { access: 'isa' });
    const of = (item: Item) => refusal?.(item);
    expect(of(accountItem(anAccount({ isaAccess: true }), 'password'))).toBeUndefined();
    expect(of(ITEMS.accounts)).toMatchObject({
      name: 'NotRequestable',
      message: expect.stringMatching(/no ISA access to db-01\/sa.*access: request/),
    });
    expect(of(aliasItem(anAlias({ isaAccess: true }), 'password'))).toMatchObject({ name: 'ContractViolated' });
    expect(rulesOf('accounts')).not.toHaveProperty('refusal');
  });

  it.each([
    [{}, true],
    [{ systems: ['db-*'], accounts: ['sa'], domains: ['corp'] }, true],
    [{ systems: ['web-*'] }, false],
    [{ accounts: ['root'] }, false],
    [{ domains: ['other'] }, false],
  ])('select by system, account and domain at once: %j selects it: %s', (select, taken) => {
    const item = accountItem(anAccount({ domainName: 'CORP' }), 'password');
    expect(isSelected(rulesOf('accounts', { select }).patterns, item.labels)).toBe(taken);
  });
});

describe('the address of an account', () => {
  const { address } = rulesOf('accounts');
  if (address === undefined) throw new Error('Accounts can be addressed.');
  const addressed = (accountName: string) => createIsAddressed(address, [{ systemName: 'db-01', accountName }]);
  const isMeant = (accountName: string, account: Parameters<typeof anAccount>[0]): boolean =>
    addressed(accountName)(accountItem(anAccount(account), 'password').labels);

  it.each([
    ['sa', { accountName: 'sa' }],
    ['SA', { accountName: 'sa' }],
    ['CORP\\sa', { accountName: 'sa', domainName: 'corp.example' }],
    ['CORP\\sa', { accountName: 'CORP\\sa' }],
    ['sa@corp.example', { accountName: 'service', userPrincipalName: 'sa@corp.example' }],
  ])('%s may mean %j', (accountName, account) => {
    expect(isMeant(accountName, account)).toBe(true);
  });

  it.each([
    ['sa', { accountName: 'root' }],
    ['sa', { systemName: 'db-02' }],
    ['sa@corp.example', { accountName: 'sa', userPrincipalName: 'other@corp.example' }],
  ])('%s does not mean %j', (accountName, account) => {
    expect(isMeant(accountName, account)).toBe(false);
  });

  const mayBeSelected = (select: object, accountName: string): boolean =>
    maySelect(address, rulesOf('accounts', { select }).patterns, { systemName: 'db-01', accountName });

  it('rules out only accounts that the patterns exclude, and may match an account that they select', () => {
    expect(mayBeSelected({ accounts: ['sa'] }, 'sa')).toBe(true);
    expect(mayBeSelected({ accounts: ['sa'] }, 'CORP\\sa')).toBe(true);
    expect(mayBeSelected({ accounts: ['sa'], domains: ['other'] }, 'CORP\\sa')).toBe(true);
    expect(mayBeSelected({ accounts: ['sa'] }, 'root')).toBe(false);
    expect(mayBeSelected({ systems: ['web-*'] }, 'sa')).toBe(false);
    // It can differ completely from the name that patterns match.
    expect(mayBeSelected({ accounts: ['sa'] }, 'root@corp.example')).toBe(true);
    expect(mayBeSelected({ systems: ['web-*'] }, 'root@corp.example')).toBe(false);
  });
});

describe('the rules of aliases', () => {
  it("select by the alias's name and by the account that it points to", () => {
    const { patterns } = rulesOf('aliases', { select: { aliases: ['pay*'], systems: ['db-*'] } });
    const isTaken = (alias: Parameters<typeof anAlias>[0]) =>
      isSelected(patterns, aliasItem(anAlias(alias), 'password').labels);
    expect([isTaken({}), isTaken({ aliasName: 'reports' }), isTaken({ systemName: 'web-01' })]).toEqual([
      true,
      false,
      false,
    ]);
  });
});

describe('the rules of Secrets Safe', () => {
  const labelsOf = (secret: Parameters<typeof aSafeSecret>[0]) => safeItem(aSafeSecret(secret));

  it('select by folder, title and type', () => {
    const select = { folders: ['Team/*'], titles: ['!draft*'], types: ['credential', 'file'] };
    const { patterns } = rulesOf('secrets-safe', { select });
    const isTaken = (secret: Parameters<typeof aSafeSecret>[0]) => isSelected(patterns, labelsOf(secret).labels);
    expect(isTaken({})).toBe(true);
    expect(isTaken({ type: 'file' })).toBe(true);
    expect(isTaken({ folderPath: 'Other/Apps' })).toBe(false);
    expect(isTaken({ title: 'Draft of it' })).toBe(false);
    expect(isTaken({ type: 'text' })).toBe(false);
  });

  const nameOf = createNaming({
    template: 'safe/{folderPath}/{title}',
    labels: rulesOf('secrets-safe').labels,
    rules: ANY_NAME,
  });

  it('keep the folders of a path in a name, and encode every unsuitable character', () => {
    expect(nameOf(labelsOf({}))).toBe('safe/Team/Apps/api');
    expect(nameOf(labelsOf({ folderPath: 'Team A/b', title: 'c/d' }))).toBe('safe/Team%20A/b/c%2Fd');
  });

  it('produce a unique name for each folder and title', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '/', '_', '=', ' ', 'é'), maxLength: 6 });
    fc.assert(
      fc.property(text, text, text, text, (folderPath, title, otherPath, otherTitle) => {
        const [one, other] = [
          { folderPath, title },
          { folderPath: otherPath, title: otherTitle },
        ].map(labelsOf);
        if (one === undefined || other === undefined) return;
        expect(nameOf(one) === nameOf(other)).toBe(folderPath === otherPath && title === otherTitle);
      }),
    );
  });
});
