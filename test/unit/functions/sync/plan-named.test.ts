import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { isAfterAnother } from '#functions/sync/plan/earlier-run.ts';
import { createReadNamed } from '#functions/sync/plan/named.ts';
import { createPlan } from '#functions/sync/plan/plan.ts';
import type { RelayConfig } from '#shared/config/schema.ts';
import { debounceAt } from '#shared/domain/debounce.ts';
import { type Item, itemKey, type Labels } from '#shared/domain/item.ts';
import { emptyMemory, type Memory } from '#shared/domain/memory.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { namedAt } from '#shared/records/named-items.ts';
import { readRequired, recordAt } from '#shared/records/records.ts';
import { holdsAt } from '#shared/records/rotation-holds.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { SecretStore, StoredSecret } from '#shared/stores/store.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { aConfig, aRotationConfig, aRun } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { fakeStore, memoryRecords, memorySharedRecords, rulesOf } from '#test/support/fakes.ts';
import { itemNumbered } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const named = (systemName: string, accountName: string): Labels => ({ systemName, accountName });
const on = (systemName: string, accountName: string, more: Labels = {}) => ({
  labels: { systemName, accountName, ...more },
});

interface Given {
  readonly secrets?: readonly StoredSecret[];
  readonly sync?: Record<string, unknown>;
  /** Time since which the vault shows changes. */
  readonly changesSince?: string;
  /** Makes calls of the vault fail. */
  readonly vault?: (vault: ReturnType<typeof fakeVault>) => void;
  readonly inspect?: SecretStore['inspect'];
  /** Sections of relay.yaml besides the sync. */
  readonly config?: Partial<RelayConfig>;
}

describe('a plan for named items', () => {
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    records = memoryRecords();
  });
  const plan = async (
    items: readonly Item[],
    names: readonly Labels[],
    { secrets = [], sync = {}, vault: failVault = () => {}, inspect, config = {}, changesSince }: Given = {},
  ) => {
    const vault = fakeVault([{ ...pageOf(items), changesSince }]);
    failVault(vault);
    const store = fakeStore(secrets);
    if (inspect !== undefined) store.store.inspect = inspect;
    const planned = await createPlan({
      config: { ...aConfig(sync), ...config },
      vaultOf: async () => vault.vault,
      rulesOf: async (_connection, rule) => rulesOf(rule),
      storeFor: async () => store.store,
      storeRules: async () => awsSecretsManagerRules,
      pacingOf: async () => undefined,
      calls: () => NO_CALLS,
      records,
      turns: memorySharedRecords(),
      hasEarlierRun: async () => true,
      readNamed: async () => names,
      now: () => NOW,
    })(aRun({ items: 'named' }));
    const batches = await Promise.all(
      planned.batches.map((batch) => readRequired(records, recordAt.batch(aRun(), batch))),
    );
    const record = await readRequired(records, recordAt.plan(aRun()));
    const targets = batches.flatMap((batch) => batch.items.flatMap((one) => one.targets));
    return { planned, targets, delivered: targets.map(({ name }) => name), record, vault };
  };

  it('includes only these items, and never waits for another run', async () => {
    const { planned, delivered, record } = await plan(
      [itemNumbered(1), itemNumbered(2), itemNumbered(3, { labels: { systemName: 'db-02' } })],
      [named('db-01', 'a2')],
    );
    expect(planned.status).toBe('planned');
    expect(delivered).toEqual(['prod/db-01/a2']);
    expect(record).toMatchObject({ items: 1, unchanged: { aws: 0 }, orphans: { found: 0, retiring: 0 } });
  });

  it('dates them by the memory of the sync, and records no changes: it has not seen those of the others', async () => {
    const item = itemNumbered(1, { changedAt: undefined });
    const remembered = '2025-06-01T00:00:00.000Z';
    const changes = { listedAt: '2026-01-01T00:00:00.000Z', items: { [itemKey(item.ref)]: remembered } };
    await records.write(recordAt.memory('databases'), { ...emptyMemory(), changes });
    const value = '{credential}';
    const stamp = stampOf('vault', { ...item, changedAt: remembered }, createRendering(value).fingerprint(item));
    const { record, vault, targets } = await plan([item], [named('db-01', 'a1')], {
      sync: { value },
      secrets: [{ name: 'prod/db-01/a1', stamp }],
      changesSince: '2025-12-31T00:00:00Z',
    });
    expect([record.changes, vault.sinces, targets]).toEqual([undefined, [changes.listedAt], []]);
  });

  it('lists only their systems, each once', async () => {
    const { vault } = await plan([itemNumbered(1)], [named('db-01', 'a1'), named('DB-01', 'a9'), named('db-02', 'x')]);
    expect(vault.calls.filter(([call]) => call === 'list').map(([, within]) => within)).toEqual([
      { systemName: 'db-01' },
      { systemName: 'db-02' },
    ]);
  });

  it('lists everything if there are too many systems to list each', async () => {
    const items = Array.from({ length: 30 }, (_, n) => itemNumbered(n, { labels: { systemName: `db-${n}` } }));
    const { vault, delivered } = await plan(
      items,
      items.slice(0, 25).map(({ labels: { systemName = '', accountName = '' } }) => named(systemName, accountName)),
    );
    expect(vault.calls.filter(([call]) => call === 'list')).toEqual([['list', {}]]);
    expect(delivered).toHaveLength(25);
  });

  it('matches them in any case, and with their domain', async () => {
    const items = [itemNumbered(1, on('db-01', 'Svc', { domainName: 'corp.example' })), itemNumbered(2)];
    expect((await plan(items, [named('DB-01', 'CORP\\svc')])).delivered).toEqual(['prod/db-01/Svc']);
  });

  it('matches a directory account by its user principal name', async () => {
    const items = [
      itemNumbered(1, on('db-01', 'svc', { userPrincipalName: 'Service.One@corp.example' })),
      itemNumbered(2, on('db-01', 'svc2')),
    ];
    const { delivered } = await plan(items, [named('db-01', 'service.one@corp.example'), named('db-01', 'svc2@x')]);
    expect(delivered).toEqual(['prod/db-01/svc']);
  });

  it('delivers no item on hold', async () => {
    const item = itemNumbered(1);
    const { rotations } = aRotationConfig();
    const testFailed = {
      rule: 'weekly',
      run: 'weekly.1',
      changedAt: item.changedAt ?? '',
      notified: true,
      released: false,
    };
    await records.write(holdsAt(aConfig(), 'vault'), {
      writes: 1,
      entries: { 'account:1': { title: item.title, labels: item.labels, testFailed } },
    });
    const names = [named('db-01', 'a1'), named('db-01', 'a2')];
    const { delivered, record } = await plan([item, itemNumbered(2)], names, { config: { rotations } });
    expect(delivered).toEqual(['prod/db-01/a2']);
    expect(record.remarks).toMatchObject([{ item: item.title, outcome: 'held' }]);
  });

  it('skips items that the sync does not select', async () => {
    const sync = { select: { accounts: ['!a2'], types: ['database'] } };
    const names = [named('db-01', 'a1'), named('db-01', 'a2')];
    const { delivered, vault } = await plan([itemNumbered(1), itemNumbered(2)], names, { sync });
    expect(delivered).toEqual(['prod/db-01/a1']);
    expect(vault.listed).toMatchObject([{ select: { types: ['database'] } }]);
  });

  it('skips current items: repeated messages cost no checkout', async () => {
    const first = await plan([itemNumbered(1)], [named('db-01', 'a1')]);
    expect(first.delivered).toHaveLength(1);
    const { planned, record } = await plan([itemNumbered(1)], [named('db-01', 'a1')], { secrets: first.targets });
    expect(planned.batches).toEqual([]);
    expect(record.unchanged).toEqual({ aws: 1 });
    expect(record.current).toEqual([{ item: 'account:1', store: 'aws', name: 'prod/db-01/a1' }]);
    expect(first.record.current).toEqual([]);
  });

  it('delivers again what a run that died has not confirmed', async () => {
    const { targets } = await plan([itemNumbered(1)], [named('db-01', 'a1')]);
    const [{ stamp = '' } = {}] = targets;
    const inspect = async () => ({ kind: 'owned', stamp, unconfirmed: true, retired: false }) as const;
    const repeated = await plan([itemNumbered(1)], [named('db-01', 'a1')], { inspect });
    expect(repeated.targets).toMatchObject([{ stamp, expected: 'unstamped' }]);
  });

  it('delivers none of the items that would share a secret, even if only one of them is named', async () => {
    const twins = [
      itemNumbered(1, on('db-01', 'sa', { domainName: 'a' })),
      itemNumbered(2, on('db-01', 'sa', { domainName: 'b' })),
    ];
    const one = await plan([...twins, itemNumbered(3)], [named('db-01', 'sa'), named('db-01', 'a3')]);
    expect(one.delivered).toEqual(['prod/db-01/a3']);
    expect(one.record.remarks.map(({ error }) => error)).toEqual(['NameCollision', 'NameCollision']);
    // The secret of the first is compared before the second one is seen.
    const secrets = [{ name: 'prod/db-01/sa', stamp: 'older' }];
    expect((await plan(twins, [named('db-01', 'sa')], { secrets })).record.current).toEqual([]);
  });

  it('detects shared names on other systems too, if names can be the same', async () => {
    const items = [itemNumbered(1, on('a-b', 'c')), itemNumbered(2, on('a', 'b-c')), itemNumbered(3, on('a', 'd'))];
    const sync = { name: 'prod/{systemName}-{accountName}' };
    const { delivered, record } = await plan(items, [named('a', 'b-c'), named('a', 'd')], { sync });
    expect(delivered).toEqual(['prod/a-d']);
    expect(record.remarks.map(({ error }) => error)).toEqual(['NameCollision', 'NameCollision']);
  });

  it('skips an item that the vault rotated after our own check-in, which prevents an endless loop', async () => {
    const one = itemNumbered(1, { changedAt: '2026-01-02T03:04:05.000Z' });
    const memory: Memory = { ...emptyMemory(), checkIns: { 'account:1': Date.parse('2026-01-02T03:00:00Z') } };
    await records.write(recordAt.memory('databases'), memory);
    const secrets = [{ name: 'prod/db-01/a1', stamp: 'older' }];
    const { delivered, record } = await plan([one], [named('db-01', 'a1')], { secrets });
    expect(delivered).toEqual([]);
    expect(record.remarks).toMatchObject([{ outcome: 'parked' }]);
    expect(Object.keys(record.backoffs)).toEqual(['aws account:1']);
  });

  describe('with items that cannot be looked up', () => {
    const items = [itemNumbered(1), itemNumbered(2, { labels: { systemName: 'db-02', accountName: 'a2' } })];
    const bad = [named('db-bad', 'sa'), named('DB-BAD', 'sb')];
    const names = [named('db-01', 'a1'), ...bad, named('db-02', 'a2')];
    const lists = (vault: ReturnType<typeof fakeVault>) =>
      vault.calls.filter(([call]) => call === 'list').map(([, within]) => within);

    it.each<ErrorName>(['RequestRejected', 'VaultUnavailable', 'AnswerMalformed'])(
      'delivers all others, and reports the error of each, if the vault answers their list with %s',
      async (error) => {
        const { delivered, record } = await plan(items, names, {
          vault: (vault) => vault.fail('list', 'db-bad', error),
        });
        expect(delivered.toSorted()).toEqual(['prod/db-01/a1', 'prod/db-02/a2']);
        expect(record).toMatchObject({ items: 4, complete: false });
        const failed = { stores: ['aws'], outcome: 'failed', error, message: `${error} by list` };
        expect(record.remarks).toEqual([
          { item: 'systemName db-bad, accountName sa', ...failed },
          { item: 'systemName DB-BAD, accountName sb', ...failed },
        ]);
      },
    );

    it('costs one more call, which shows whether the vault still lists', async () => {
      const { vault } = await plan(items, names, { vault: (told) => told.fail('list', 'db-bad', 'RequestRejected') });
      expect(lists(vault)).toEqual([{ systemName: 'db-01' }, { systemName: 'db-bad' }, {}, { systemName: 'db-02' }]);
    });

    it('fails as a whole if the vault no longer lists anything', async () => {
      const failing = plan(items, names, {
        vault: (vault) => {
          vault.fail('list', 'db-bad', 'VaultUnavailable');
          vault.fail('list', '', 'SessionLost');
        },
      });
      await expect(failing).rejects.toMatchObject({ name: 'SessionLost' });
    });

    it('fails as a whole if the sign-in is refused', async () => {
      const failing = plan(items, names, { vault: (vault) => vault.fail('signIn', '', 'SignInRefused') });
      await expect(failing).rejects.toMatchObject({ name: 'SignInRefused' });
    });

    const denying =
      (error: ErrorName): SecretStore['inspect'] =>
      async (name) => {
        if (name === 'prod/db-01/a1') throw new RelayError(error, `${error} for ${name}`);
        return { kind: 'absent' };
      };

    it('delivers all others if the store refuses to inspect one secret', async () => {
      const two = [named('db-01', 'a1'), named('db-02', 'a2')];
      const { delivered, record } = await plan(items, two, { inspect: denying('StoreDenied') });
      expect(delivered).toEqual(['prod/db-02/a2']);
      expect(record).toMatchObject({
        items: 2,
        remarks: [{ item: 'db-01/a1', outcome: 'failed', error: 'StoreDenied' }],
      });
      await expect(plan(items, two, { inspect: denying('StoreUnavailable') })).rejects.toMatchObject({
        name: 'StoreUnavailable',
      });
    });
  });

  it('refuses a sync without addressable items, which could be started by hand', async () => {
    const sync = { source: 'secrets-safe', name: 'prod/{secretId}' };
    await expect(plan([itemNumbered(1)], [named('db-01', 'a1')], { sync })).rejects.toMatchObject({
      name: 'ConfigurationInvalid',
    });
  });

  it('delivers the same named items as a plan for everything, for any vault', async () => {
    const someItem = fc.tuple(fc.nat(3), fc.nat(5), fc.constantFrom('', 'a', 'b')).map(([system, id, domainName]) =>
      itemNumbered(id, {
        ref: { kind: 'account', id: `${system}:${id}` },
        labels: { systemName: `db-${system}`, accountName: `a${id}`, domainName },
      }),
    );
    const vault = fc.uniqueArray(someItem, { selector: ({ ref }) => ref.id });
    await fc.assert(
      fc.asyncProperty(vault, fc.array(fc.tuple(fc.nat(3), fc.nat(5))), async (items, pairs) => {
        records = memoryRecords();
        const names = pairs.map(([system, id]) => named(`db-${system}`, `a${id}`));
        const { delivered } = await plan(items, names);
        const all = await plan(
          items,
          items.map(({ labels: { systemName = '', accountName = '' } }) => named(systemName, accountName)),
        );
        const wanted = new Set(names.map(({ systemName, accountName }) => `prod/${systemName}/${accountName}`));
        expect(delivered.toSorted()).toEqual(all.delivered.filter((name) => wanted.has(name)).toSorted());
      }),
    );
  });
});

describe('a run for named items', () => {
  const { run } = debounceAt('databases', NOW);
  const started = (name: string, second: number) => ({ name, startDate: new Date(second * 1000) });

  it('does not prevent a run of the whole sync from starting', () => {
    const others = [started('databases.1', 1), started('databases.2', 2)];
    expect(isAfterAnother('databases', 'databases.2', [started(run, 1), started('databases.2', 2)])).toBe(false);
    expect(isAfterAnother('databases', 'databases.2', others)).toBe(true);
  });

  it('reads its own named items, each once, and none of another run', async () => {
    const records = memoryRecords();
    const own = { workflow: 'sync', rule: 'databases', run } as const;
    for (const name of ['a', 'b', 'a']) await records.write(namedAt.item(own, named('db', name)), named('db', name));
    await records.write(namedAt.item({ ...own, run: `${run}0` }, named('db', 'c')), named('db', 'c'));
    // The order of labels does not matter.
    await records.write(namedAt.item(own, { accountName: 'a', systemName: 'db' }), named('db', 'a'));
    const list = async (prefix: string) => [...records.objects.keys()].filter((key) => key.startsWith(prefix));
    const found = await createReadNamed(records, { list })(own);
    expect(found.map(({ accountName }) => accountName).toSorted()).toEqual(['a', 'b']);
  });
});
