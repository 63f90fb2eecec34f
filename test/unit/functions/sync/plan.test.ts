import { beforeEach, describe, expect, it } from 'vitest';
import { isAfterAnother } from '#functions/sync/plan/earlier-run.ts';
import { createPlan } from '#functions/sync/plan/plan.ts';
import type { SourceRules } from '#shared/connections/source-rules.ts';
import type { ItemPage } from '#shared/connections/vault.ts';
import { type Item, itemKey } from '#shared/domain/item.ts';
import { emptyMemory } from '#shared/domain/memory.ts';
import type { Batch } from '#shared/domain/plan/batch.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { readRequired, recordAt } from '#shared/records/records.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { fakeStore, memoryRecords, memorySharedRecords, rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const VALUE = { username: '{accountName}', password: '{credential}' };
const currentOf = (item: Item): StoredSecret => ({
  name: `prod/${item.labels['systemName']}/${item.labels['accountName']}`,
  stamp: stampOf('vault', item, createRendering(VALUE).fingerprint(item)),
});
/** Another item with the name of the first one. */
const twin = itemNumbered(9, { labels: { accountName: 'a1' } });

describe('plan', () => {
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    records = memoryRecords();
  });
  const plan = async (
    pages: readonly ItemPage[],
    secrets: readonly StoredSecret[] = [],
    sync = {},
    isAfterAnotherRun = false,
    rules: Partial<SourceRules> = {},
  ) => {
    const vault = fakeVault(pages);
    const planned = await createPlan({
      config: aConfig({ value: VALUE, ...sync }),
      vaultOf: async () => vault.vault,
      rulesOf: async (_connection, rule) => ({ ...rulesOf(rule), ...rules }),
      storeFor: async () => ({
        ...fakeStore(secrets).store,
        async *list() {
          yield secrets;
        },
      }),
      storeRules: async () => awsSecretsManagerRules,
      pacingOf: async () => undefined,
      calls: () => NO_CALLS,
      records,
      turns: memorySharedRecords(),
      hasEarlierRun: async () => isAfterAnotherRun,
      readNamed: async () => [],
      now: () => NOW,
    })(aRun());
    const batches = await Promise.all(
      planned.batches.map((batch) => readRequired(records, recordAt.batch(aRun(), batch))),
    );
    const record = await records.read(recordAt.plan(aRun()));
    return { planned, batches, record, vault };
  };
  const namesIn = (batch: Batch | undefined) =>
    batch?.items.flatMap(({ targets }) => targets.map(({ name }) => name)) ?? [];

  it('records the time that the limits make the run last', async () => {
    const [one, two, three] = [itemNumbered(1), itemNumbered(2), itemNumbered(3)];
    const stale = { ...currentOf(two), stamp: 'older' };
    const { record } = await plan([pageOf([one, two, three])], [stale]);
    // Three calls of the vault for each item, of 200 per second: less than a second.
    expect(record?.leastDuration).toEqual({ seconds: 0, perSecond: 200 });
  });

  describe('of a vault that shows only recent changes', () => {
    const changesSince = '2025-12-31T00:00:00.000Z';
    const listedAt = '2026-01-01T00:00:00.000Z';
    const [one, two, three] = [1, 2, 3].map((number) => itemNumbered(number, { changedAt: undefined }));
    const [forgotten, recent] = ['2025-06-01T00:00:00.000Z', '2026-01-01T12:00:00.000Z'];

    it('leaves an item alone whose change it no longer shows, and remembers the last change of each', async () => {
      if (one === undefined || two === undefined || three === undefined) throw new Error('There are three items.');
      const known = { [itemKey(one.ref)]: forgotten, [itemKey(two.ref)]: null, [itemKey(three.ref)]: null };
      await records.write(recordAt.memory('databases'), { ...emptyMemory(), changes: { listedAt, items: known } });
      const page = { ...pageOf([one, { ...two, changedAt: recent }, three]), changesSince };
      const held = [currentOf({ ...one, changedAt: forgotten }), currentOf(two), currentOf(three)];
      const { batches, record, vault } = await plan([page], held);
      expect(batches.flatMap(namesIn)).toEqual(['prod/db-01/a2']);
      expect(record?.changes).toEqual({
        listedAt: new Date(NOW).toISOString(),
        items: { ...known, [itemKey(two.ref)]: recent },
      });
      expect(vault.sinces).toEqual([listedAt]);
    });

    it('reads an item again that could have changed while no run listed it, and leaves it alone without a memory', async () => {
      if (one === undefined) throw new Error('There is an item.');
      const page = { ...pageOf([one]), changesSince };
      expect((await plan([page], [currentOf(one)])).batches).toEqual([]);
      const changes = { listedAt: '2025-06-01T00:00:00.000Z', items: { [itemKey(one.ref)]: null } };
      await records.write(recordAt.memory('databases'), { ...emptyMemory(), changes });
      expect((await plan([page], [currentOf(one)])).batches.flatMap(namesIn)).toEqual(['prod/db-01/a1']);
    });
  });

  it('records no changes of a vault that shows the last one of all time', async () => {
    expect((await plan([pageOf([itemNumbered(1)])])).record).not.toHaveProperty('changes');
  });

  it('counts as many calls for each item as the rules of the source say', async () => {
    const items = Array.from({ length: 200 }, (_, index) => itemNumbered(index));
    for (const [callsPerItem, seconds] of [
      [undefined, 3],
      [2, 2],
    ] as const) {
      const { record } = await plan([pageOf(items)], [], {}, false, { callsPerItem });
      expect(record?.leastDuration).toEqual({ seconds, perSecond: 200 });
    }
  });

  it('puts new and changed items into batches, and skips current ones', async () => {
    const [one, two, three] = [itemNumbered(1), itemNumbered(2), itemNumbered(3)];
    const stale = { ...currentOf(two), stamp: 'older' };
    const { planned, batches, record } = await plan([pageOf([one, two, three])], [currentOf(one), stale]);
    expect(planned).toEqual({ status: 'planned', batches: [0], concurrency: 2 });
    expect(batches[0]?.items).toMatchObject([
      { item: two, targets: [{ ...currentOf(two), store: 'aws', expected: { stamp: 'older' } }] },
      { item: three, targets: [{ ...currentOf(three), store: 'aws', expected: 'absent' }] },
    ]);
    expect(record).toMatchObject({ items: 3, unchanged: { aws: 1 }, remarks: [] });
    expect(record).not.toHaveProperty('current');
  });

  it('notes the warnings of the store, the first twenty of them, and plans as without them', async () => {
    const items = Array.from({ length: 22 }, (_, index) => itemNumbered(index + 1));
    const secrets = items.map((item) => ({ ...currentOf(item), warning: `A warning about ${item.title}.` }));
    const { planned, record } = await plan([pageOf(items)], secrets);
    expect(planned.batches).toEqual([]);
    expect(record).toMatchObject({ unchanged: { aws: 22 }, remarks: [] });
    expect(record?.notes).toHaveLength(21);
    expect(record?.notes?.slice(19)).toEqual([secrets[19]?.warning, '… and 2 more secrets with warnings.']);
  });

  it('distinguishes an owned secret without a stamp from an absent one', async () => {
    const { batches } = await plan([pageOf([itemNumbered(1)])], [{ name: 'prod/db-01/a1', stamp: undefined }]);
    expect(batches[0]?.items).toMatchObject([{ targets: [{ expected: 'unstamped' }] }]);
  });

  it('cuts batches at their size, across pages, and returns only their numbers', async () => {
    const pages = [
      pageOf([itemNumbered(1), itemNumbered(2)]),
      pageOf([itemNumbered(3), itemNumbered(4), itemNumbered(5)]),
    ];
    const { planned, batches } = await plan(pages, [], { batchSize: 2 });
    expect(planned.batches).toEqual([0, 1, 2]);
    expect(batches.map(({ items }) => items.length)).toEqual([2, 2, 1]);
  });

  it('has no batch if nothing changed', async () => {
    expect((await plan([pageOf([itemNumbered(1)])], [currentOf(itemNumbered(1))])).planned.batches).toEqual([]);
  });

  it('selects by the patterns of the rule, and passes the whole rule to the vault', async () => {
    const select = { systems: ['db-*'], accounts: ['!a2'], workgroups: ['linux'], types: ['database'] };
    const elsewhere = itemNumbered(3, { labels: { systemName: 'web' } });
    const { batches, vault } = await plan([pageOf([itemNumbered(1), itemNumbered(2), elsewhere])], [], { select });
    expect(namesIn(batches[0])).toEqual(['prod/db-01/a1']);
    expect(vault.calls).toContainEqual(['list', {}]);
    expect(vault.listed).toMatchObject([{ select: { workgroups: ['linux'], types: ['database'] } }]);
  });

  it('delivers neither of two items that would share a name, and reports both', async () => {
    const { batches, record } = await plan([pageOf([itemNumbered(1), itemNumbered(2), twin])], [], { batchSize: 2 });
    expect(batches.flatMap(namesIn)).toEqual(['prod/db-01/a2']);
    expect(record?.remarks).toMatchObject([
      { item: 'db-01/a1', outcome: 'failed', error: 'NameCollision' },
      { item: 'db-01/a1', outcome: 'failed', error: 'NameCollision' },
    ]);
    expect(record?.remarks[0]?.message).toContain('for example {domainName} or {accountId}');
    expect(record).toMatchObject({ items: 3, unchanged: { aws: 0 } });
  });

  it('counts an item once if a current item shares its name', async () => {
    const { record } = await plan([pageOf([itemNumbered(1), twin])], [currentOf(itemNumbered(1))]);
    expect(record).toMatchObject({ items: 2, unchanged: { aws: 0 } });
    expect(record?.remarks).toHaveLength(2);
  });

  it('ends at once if an earlier run of the sync still runs', async () => {
    const { planned, vault } = await plan([pageOf([itemNumbered(1)])], [], {}, true);
    expect(planned.status).toBe('skipped');
    expect(vault.calls).toEqual([]);
  });

  it('reports changing and parked items, with the fix', async () => {
    const rotating = itemNumbered(1);
    const checkIns = { 'account:1': Date.parse(rotating.changedAt ?? '') };
    await records.write(recordAt.memory('databases'), { ...emptyMemory(), checkIns });
    const stale = { ...currentOf(rotating), stamp: 'older' };
    const { record, batches } = await plan([pageOf([rotating, itemNumbered(2, { changing: true })])], [stale]);
    expect(batches).toEqual([]);
    expect(record?.remarks.map(({ outcome }) => outcome)).toEqual(['parked', 'changing']);
    expect(record?.remarks[0]?.message).toContain('Allow API Rotation Override');
    expect(record?.backoffs).toMatchObject({ 'aws account:1': { reason: 'rotates', times: 1 } });
  });

  it('tells how to stop the vault from changing a credential in the words of its source', async () => {
    const rotating = itemNumbered(1);
    const checkIns = { 'account:1': Date.parse(rotating.changedAt ?? '') };
    await records.write(recordAt.memory('databases'), { ...emptyMemory(), checkIns });
    const stale = { ...currentOf(rotating), stamp: 'older' };
    const { record } = await plan([pageOf([rotating])], [stale], {}, false, { rotationFix: 'Turn the key back.' });
    expect(record?.remarks[0]?.message).toContain('its own copy stale. Turn the key back. Next try');
  });

  describe('with secrets whose item is gone', () => {
    const orphans = { policy: 'delete', budget: 1 };
    const gone = [{ name: 'prod/db-01/gone', stamp: 'x' }];
    const missed = (names: readonly StoredSecret[]) =>
      records.write(recordAt.memory('databases'), { ...emptyMemory(), absent: { aws: names.map(({ name }) => name) } });

    it('keeps them unless the policy says otherwise', async () => {
      await missed(gone);
      const { batches, record } = await plan([pageOf([itemNumbered(1)])], gone);
      expect(batches.flatMap(({ retire }) => retire)).toEqual([]);
      expect(record?.orphans).toEqual({ found: 1, retiring: 0 });
    });

    it('retires them within the budget, in a separate batch', async () => {
      await missed(gone);
      const { batches } = await plan([pageOf([itemNumbered(1)])], gone, { orphans });
      expect(batches.map(({ items, retire }) => [items.length, retire])).toEqual([
        [1, []],
        [0, [{ store: 'aws', name: 'prod/db-01/gone' }]],
      ]);
    });

    it('retires none of them beyond the budget', async () => {
      const more = [...gone, { name: 'prod/db-01/gone-2', stamp: 'x' }];
      await missed(more);
      const { batches, record } = await plan([pageOf([itemNumbered(1)])], more, { orphans });
      expect(batches.flatMap(({ retire }) => retire)).toEqual([]);
      expect(record?.notes.join()).toContain('the budget is 1');
    });

    it('retires none of them after an incomplete list', async () => {
      await missed(gone);
      const { batches, record } = await plan([pageOf([itemNumbered(1)], false)], gone, { orphans });
      expect(batches.flatMap(({ retire }) => retire)).toEqual([]);
      expect(record).toMatchObject({ complete: false, orphans: { retiring: 0 } });
    });

    it('retires none of them that the previous run did not miss, and records them', async () => {
      const { batches, record } = await plan([pageOf([itemNumbered(1)])], gone, { orphans });
      expect(batches.flatMap(({ retire }) => retire)).toEqual([]);
      expect(record).toMatchObject({
        orphans: { found: 1, retiring: 0 },
        absences: { aws: { absent: ['prod/db-01/gone'], present: [] } },
      });
    });

    it('retires none of them if the selection matches nothing, and notes it', async () => {
      await missed(gone);
      const select = { accounts: ['unmatched'] };
      const { batches, record } = await plan([pageOf([itemNumbered(1)])], gone, { orphans, select });
      expect(batches).toEqual([]);
      expect(record?.notes).toEqual([
        expect.stringContaining('did not match the one item listed'),
        expect.stringContaining('nothing was selected'),
      ]);
    });
  });
});

describe('a run after another run', () => {
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
  ])('is detected among %j', (running, found) => expect(isAfterAnother('db', 'db.2', running)).toBe(found));
});
