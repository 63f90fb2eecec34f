import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createReadNamed } from '#functions/plan/named.ts';
import { createPlan } from '#functions/plan/plan.ts';
import { hasPredecessor } from '#functions/plan/predecessor.ts';
import type { Account } from '#shared/domain/account.ts';
import { gatheringAt } from '#shared/domain/gathering.ts';
import { emptyMemory, type Memory } from '#shared/domain/memory.ts';
import type { NamedAccount } from '#shared/domain/named-account.ts';
import { namedAt } from '#shared/records/named-accounts.ts';
import { readRequired, recordAt } from '#shared/records/records.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { anAccount } from '#test/support/accounts.ts';
import { aRun, syncsOf } from '#test/support/configs.ts';
import { fakeStore, fakeVault, memoryRecords, pageOf } from '#test/support/fakes.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const account = (accountId: number, overrides: Partial<Account> = {}) =>
  anAccount({ accountId, accountName: `a${accountId}`, ...overrides });
const named = (system: string, name: string): NamedAccount => ({ system, account: name });

describe('a plan for accounts that messages named', () => {
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    records = memoryRecords();
  });
  const plan = async (
    accounts: readonly Account[],
    names: readonly NamedAccount[],
    { secrets = [], sync = {} }: { secrets?: readonly StoredSecret[]; sync?: Record<string, unknown> } = {},
  ) => {
    const vault = fakeVault([pageOf(accounts)]);
    const store = fakeStore(secrets);
    const planned = await createPlan({
      syncs: syncsOf(sync),
      vaultFor: () => vault.vault,
      storeFor: () => store.store,
      records,
      isOvertaken: async () => true,
      readNamed: async () => names,
      now: () => NOW,
    })(aRun({ accounts: 'named' }));
    const batches = await Promise.all(
      planned.batches.map((batch) => readRequired(records, recordAt.batch('databases', 'databases.1', batch))),
    );
    const record = await readRequired(records, recordAt.plan('databases', 'databases.1'));
    const delivered = batches.flatMap(({ items }) => items.map(({ secretName }) => secretName));
    return { planned, delivered, record, vault };
  };

  it('looks at these alone, and never waits for another run', async () => {
    const { planned, delivered, record } = await plan(
      [account(1), account(2), account(3, { systemName: 'db-02' })],
      [named('db-01', 'a2')],
    );
    expect(planned.status).toBe('planned');
    expect(delivered).toEqual(['prod/db-01/a2']);
    expect(record).toMatchObject({ accounts: 1, unchanged: 0, orphans: { found: 0, retiring: 0 } });
  });

  it('asks the vault for nothing but their systems, each once', async () => {
    const { vault } = await plan([account(1)], [named('db-01', 'a1'), named('DB-01', 'a9'), named('db-02', 'x')]);
    expect(vault.calls.filter(([call]) => call === 'listAccounts').map(([, query]) => query)).toMatchObject([
      { system: 'db-01' },
      { system: 'db-02' },
    ]);
  });

  it('lists everything when there are too many systems to ask for each', async () => {
    const accounts = Array.from({ length: 30 }, (_, n) => account(n, { systemName: `db-${n}` }));
    const { vault, delivered } = await plan(
      accounts,
      accounts.slice(0, 25).map(({ systemName, accountName }) => named(systemName, accountName)),
    );
    expect(vault.calls.filter(([call]) => call === 'listAccounts')).toHaveLength(1);
    expect(delivered).toHaveLength(25);
  });

  it('knows them in any case, and with their domain', async () => {
    const accounts = [account(1, { accountName: 'Svc', domainName: 'corp.example' }), account(2)];
    expect((await plan(accounts, [named('DB-01', 'CORP\\svc')])).delivered).toEqual(['prod/db-01/Svc']);
  });

  it('knows a directory account by its user principal name, whatever it is called otherwise', async () => {
    const accounts = [
      account(1, { accountName: 'svc', userPrincipalName: 'Service.One@corp.example' }),
      account(2, { accountName: 'svc2', userPrincipalName: undefined }),
    ];
    const { delivered } = await plan(accounts, [named('db-01', 'service.one@corp.example'), named('db-01', 'svc2@x')]);
    expect(delivered).toEqual(['prod/db-01/svc']);
  });

  it('leaves out what the sync does not select', async () => {
    const sync = { select: { accounts: ['!a2'], types: ['database'] } };
    const { delivered, vault } = await plan([account(1), account(2)], [named('db-01', 'a1'), named('db-01', 'a2')], {
      sync,
    });
    expect(delivered).toEqual(['prod/db-01/a1']);
    expect(vault.calls).toContainEqual(['listAccounts', expect.objectContaining({ types: ['database'] })]);
  });

  it('leaves out what is current, so that messages after the first cost no checkout', async () => {
    const first = await plan([account(1)], [named('db-01', 'a1')]);
    const { items } = await readRequired(records, recordAt.batch('databases', 'databases.1', 0));
    const secrets = items.map(({ secretName, versionId }) => ({ name: secretName, currentVersionId: versionId }));
    expect(first.delivered).toHaveLength(1);
    const { planned, record } = await plan([account(1)], [named('db-01', 'a1')], { secrets });
    expect(planned.batches).toEqual([]);
    expect(record.unchanged).toBe(1);
  });

  it('delivers none of those that would share a secret, also when only one of them is named', async () => {
    const twins = [
      account(1, { accountName: 'sa', domainName: 'a' }),
      account(2, { accountName: 'sa', domainName: 'b' }),
    ];
    const one = await plan([...twins, account(3)], [named('db-01', 'sa'), named('db-01', 'a3')]);
    expect(one.delivered).toEqual(['prod/db-01/a3']);
    expect(one.record.remarks.map(({ error }) => error)).toEqual(['NameCollision', 'NameCollision']);
  });

  it('sees those on other systems, too, where names could be the same', async () => {
    const accounts = [
      account(1, { systemName: 'a-b', accountName: 'c' }),
      account(2, { systemName: 'a', accountName: 'b-c' }),
      account(3, { systemName: 'a', accountName: 'd' }),
    ];
    const sync = { name: 'prod/{systemName}-{accountName}' };
    const { delivered, record } = await plan(accounts, [named('a', 'b-c'), named('a', 'd')], { sync });
    expect(delivered).toEqual(['prod/a-d']);
    expect(record.remarks.map(({ error }) => error)).toEqual(['NameCollision', 'NameCollision']);
  });

  it('leaves alone what the vault rotated after our own check-in: no tail is chased', async () => {
    const [one] = [account(1, { changedAt: '2026-01-02T03:04:05.000Z' })];
    const memory: Memory = { ...emptyMemory(), checkIns: { '1:1': Date.parse('2026-01-02T03:00:00Z') } };
    await records.write(recordAt.memory('databases'), memory);
    const secrets = [{ name: 'prod/db-01/a1', currentVersionId: 'older' }];
    const { delivered, record } = await plan([one], [named('db-01', 'a1')], { secrets });
    expect(delivered).toEqual([]);
    expect(record.remarks).toMatchObject([{ outcome: 'parked' }]);
    expect(Object.keys(record.troubles)).toEqual(['1:1']);
  });

  it('delivers of any vault the same as a plan for everything does, as far as it is named', async () => {
    const someAccount = fc
      .tuple(fc.nat(3), fc.nat(5), fc.constantFrom('', 'a', 'b'))
      .map(([system, id, domainName]) => account(id, { systemId: system, systemName: `db-${system}`, domainName }));
    const vault = fc.uniqueArray(someAccount, { selector: ({ systemId, accountId }) => `${systemId}:${accountId}` });
    await fc.assert(
      fc.asyncProperty(vault, fc.array(fc.tuple(fc.nat(3), fc.nat(5))), async (accounts, pairs) => {
        records = memoryRecords();
        const names = pairs.map(([system, id]) => named(`db-${system}`, `a${id}`));
        const { delivered } = await plan(accounts, names);
        const all = await plan(
          accounts,
          accounts.map(({ systemName, accountName }) => named(systemName, accountName)),
        );
        const wanted = new Set(names.map(({ system, account: name }) => `prod/${system}/${name}`));
        expect(delivered.toSorted()).toEqual(all.delivered.filter((name) => wanted.has(name)).toSorted());
      }),
    );
  });
});

describe('a run for named accounts', () => {
  const { run } = gatheringAt('databases', NOW);
  const started = (name: string, second: number) => ({ name, startDate: new Date(second * 1000) });

  it('does not keep a run of the whole sync from starting', () => {
    expect(hasPredecessor('databases', 'databases.2', [started(run, 1), started('databases.2', 2)])).toBe(false);
    expect(hasPredecessor('databases', 'databases.2', [started('databases.1', 1), started('databases.2', 2)])).toBe(
      true,
    );
  });

  it('reads which accounts those are, each once, and none of another run', async () => {
    const records = memoryRecords();
    for (const name of ['a', 'b', 'a']) {
      await records.write(namedAt.account('databases', run, named('db', name)), named('db', name));
    }
    await records.write(namedAt.account('databases', `${run}0`, named('db', 'c')), named('db', 'c'));
    const list = async (prefix: string) => [...records.objects.keys()].filter((key) => key.startsWith(prefix));
    expect((await createReadNamed(records, { list })('databases', run)).map((one) => one.account).toSorted()).toEqual([
      'a',
      'b',
    ]);
  });
});
