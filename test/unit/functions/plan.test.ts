import { beforeEach, describe, expect, it } from 'vitest';
import { createPlan } from '#functions/plan/plan.ts';
import { hasPredecessor } from '#functions/plan/predecessor.ts';
import type { AccountPage } from '#shared/clients/password-safe/vault.ts';
import { generationOf, versionIdOf } from '#shared/domain/generation.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { type BatchItem, readRequired, recordAt } from '#shared/records/records.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { anAccount } from '#test/support/accounts.ts';
import { aRun, syncsOf } from '#test/support/configs.ts';
import { fakeStore, fakeVault, memoryRecords, pageOf } from '#test/support/fakes.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const account = (accountId: number, overrides = {}) =>
  anAccount({ accountId, accountName: `a${accountId}`, ...overrides });
const VALUE = { username: '{accountName}', password: '{credential}' };
const currentOf = (one: ReturnType<typeof account>): StoredSecret => ({
  name: `prod/${one.systemName}/${one.accountName}`,
  currentVersionId: versionIdOf(generationOf('vault', one, createRendering(VALUE).fingerprint(one))),
});

describe('plan', () => {
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    records = memoryRecords();
  });
  const plan = async (
    pages: readonly AccountPage[],
    secrets: readonly StoredSecret[] = [],
    sync = {},
    overtaken = false,
  ) => {
    const vault = fakeVault(pages);
    const planned = await createPlan({
      syncs: syncsOf({ value: VALUE, ...sync }),
      vaultFor: () => vault.vault,
      storeFor: () => fakeStore(secrets).store,
      records,
      isOvertaken: async () => overtaken,
      readNamed: async () => [],
      now: () => NOW,
    })(aRun());
    const batches = await Promise.all(
      planned.batches.map((batch) => readRequired(records, recordAt.batch('databases', 'databases.1', batch))),
    );
    const record = await records.read(recordAt.plan('databases', 'databases.1'));
    return { planned, batches, record, vault };
  };
  const namesIn = (batch: { items: readonly BatchItem[] } | undefined) =>
    batch?.items.map(({ secretName }) => secretName);

  it('puts what is new or changed into batches, and leaves out what is current', async () => {
    const [one, two, three] = [account(1), account(2), account(3)];
    const stale = { ...currentOf(two), currentVersionId: 'older' };
    const { planned, batches, record } = await plan([pageOf([one, two, three])], [currentOf(one), stale]);
    expect(planned).toEqual({ status: 'planned', batches: [0], concurrency: 2 });
    expect(batches[0]?.items).toMatchObject([
      { secretName: 'prod/db-01/a2', replaces: 'older', subject: { accountId: 2 } },
      { secretName: 'prod/db-01/a3' },
    ]);
    expect(batches[0]?.items[1]?.replaces).toBeUndefined();
    expect(record).toMatchObject({ accounts: 3, unchanged: 1, remarks: [] });
  });

  it('cuts batches at their size, across pages, and hands on nothing but their numbers', async () => {
    const pages = [pageOf([account(1), account(2)]), pageOf([account(3), account(4), account(5)])];
    const { planned, batches } = await plan(pages, [], { batchSize: 2 });
    expect(planned.batches).toEqual([0, 1, 2]);
    expect(batches.map(({ items }) => items.length)).toEqual([2, 2, 1]);
  });

  it('has no batch when nothing changed', async () => {
    expect((await plan([pageOf([account(1)])], [currentOf(account(1))])).planned.batches).toEqual([]);
  });

  it('selects by patterns itself, and asks the vault for types and workgroups', async () => {
    const select = { systems: ['db-*'], accounts: ['!a2'], workgroups: ['linux'], types: ['database'] };
    const { batches, vault } = await plan([pageOf([account(1), account(2), account(3, { systemName: 'web' })])], [], {
      select,
    });
    expect(namesIn(batches[0])).toEqual(['prod/db-01/a1']);
    expect(vault.calls).toContainEqual([
      'listAccounts',
      expect.objectContaining({ workgroups: ['linux'], types: ['database'] }),
    ]);
  });

  it('delivers neither of two accounts that would share a name, and names both', async () => {
    const twin = account(9, { accountName: 'a1', systemId: 2 });
    const { batches, record } = await plan([pageOf([account(1), account(2), twin])], [], { batchSize: 2 });
    expect(batches.flatMap(namesIn)).toEqual(['prod/db-01/a2']);
    expect(record?.remarks).toMatchObject([
      { account: 'db-01/a1', outcome: 'failed', error: 'NameCollision' },
      { account: 'db-01/a1', outcome: 'failed', error: 'NameCollision' },
    ]);
    expect(record).toMatchObject({ accounts: 3, unchanged: 0 });
  });

  it('counts each account once when a current one turns out to share its name', async () => {
    const twin = account(9, { accountName: 'a1', systemId: 2 });
    const { record } = await plan([pageOf([account(1), twin])], [currentOf(account(1))]);
    expect(record).toMatchObject({ accounts: 2, unchanged: 0 });
    expect(record?.remarks).toHaveLength(2);
  });

  it('ends at once when an earlier run of the sync still runs', async () => {
    const { planned, vault } = await plan([pageOf([account(1)])], [], {}, true);
    expect(planned.status).toBe('skipped');
    expect(vault.calls).toEqual([]);
  });

  it('notes what is changing and what it parks, with what to do about it', async () => {
    const rotating = account(1);
    const checkIns = { '1:1': Date.parse(rotating.changedAt ?? '') };
    await records.write(recordAt.memory('databases'), { ...emptyMemory(), checkIns });
    const stale = { ...currentOf(rotating), currentVersionId: 'older' };
    const { record, batches } = await plan([pageOf([rotating, account(2, { changing: true })])], [stale]);
    expect(batches).toEqual([]);
    expect(record?.remarks.map(({ outcome }) => outcome)).toEqual(['parked', 'changing']);
    expect(record?.remarks[0]?.message).toContain('Allow API Rotation Override');
    expect(record?.troubles).toMatchObject({ '1:1': { reason: 'rotates', times: 1 } });
  });

  describe('with secrets whose account is gone', () => {
    const orphans = { policy: 'delete', budget: 1 };
    const gone = [{ name: 'prod/db-01/gone', currentVersionId: 'x' }];

    it('keeps them unless the policy says otherwise', async () => {
      const { batches, record } = await plan([pageOf([])], gone);
      expect(batches).toEqual([]);
      expect(record?.orphans).toEqual({ found: 1, retiring: 0 });
    });

    it('retires them within the budget, in a batch of their own', async () => {
      const { batches } = await plan([pageOf([account(1)])], gone, { orphans });
      expect(batches.map(({ items, retire }) => [items.length, retire])).toEqual([
        [1, []],
        [0, ['prod/db-01/gone']],
      ]);
    });

    it('retires none of them beyond the budget', async () => {
      const { batches, record } = await plan(
        [pageOf([])],
        [...gone, { name: 'prod/db-01/gone-2', currentVersionId: 'x' }],
        { orphans },
      );
      expect(batches).toEqual([]);
      expect(record?.orphans.note).toContain('the budget is 1');
    });

    it('retires none of them after an incomplete list', async () => {
      const { batches, record } = await plan([pageOf([], false)], gone, { orphans });
      expect(batches).toEqual([]);
      expect(record).toMatchObject({ complete: false, orphans: { retiring: 0 } });
    });
  });
});

describe('a predecessor', () => {
  const at = (name: string, second: number) => ({ name, startDate: new Date(second * 1000) });

  it.each([
    [[at('db.2', 5)], false],
    [[at('db.2', 5), at('db.1', 4)], true],
    [[at('db.2', 5), at('db.3', 6)], false],
    [[at('db.2', 5), at('db.1', 5)], true],
    [[at('db.2', 5), at('db.3', 5)], false],
    [[at('db.2', 5), at('db-web.1', 4), at('other.1', 3)], false],
    [[at('db.1', 9)], true],
    [[], false],
  ])('among %j', (running, found) => expect(hasPredecessor('db', 'db.2', running)).toBe(found));
});
