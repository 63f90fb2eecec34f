import { beforeEach, describe, expect, it } from 'vitest';
import { createRetrieve } from '#functions/retrieve/retrieve.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { type BatchItem, recordAt } from '#shared/records/records.ts';
import { Secret } from '#shared/secret.ts';
import type { Lease, Settled } from '#shared/workflow.ts';
import { anAccount } from '#test/support/accounts.ts';
import { aRun, syncsOf } from '#test/support/configs.ts';
import { fakeStore, fakeVault, memoryRecords } from '#test/support/fakes.ts';

const item = (accountId: number, overrides: Partial<BatchItem> = {}): BatchItem => ({
  subject: anAccount({ accountId }),
  secretName: `prod/${accountId}`,
  versionId: `version-${accountId}`,
  ...overrides,
});
const lease = (position: number, overrides: Partial<Lease> = {}): Lease => ({
  item: position,
  requestId: 101 + position,
  owned: true,
  status: 'active',
  ...overrides,
});

describe('retrieve', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
    vault.opened({ requestId: 101, accountId: 1 });
    vault.opened({ requestId: 102, accountId: 2 });
  });
  const retrieve = async (
    items: readonly BatchItem[],
    leases: readonly Lease[],
    { retire = [] as string[], settled = [] as Settled[], order = {}, remainingMs = 60_000, sync = {} } = {},
  ) => {
    const records = memoryRecords();
    await records.write(recordAt.batch('databases', 'databases.1', 0), { items: [...items], retire });
    const step = createRetrieve({
      relayId: 'relay',
      syncs: syncsOf(sync),
      vaultFor: () => vault.vault,
      storeFor: () => store.store,
      renderingFor: () => createRendering('{credential}'),
      records,
    });
    return step(
      { ...aRun(order), batch: 0, requested: { leases: [...leases], settled, retired: 0 } },
      { remainingMs: () => remainingMs },
    );
  };

  it('gives nothing back itself: that may change a credential, and belongs after the promotion of all of them', async () => {
    store.fail('prod/2', 'StoreDenied');
    await retrieve([item(1), item(2)], [lease(0), lease(1)]);
    expect(vault.count('checkIn')).toBe(0);
  });

  it('delivers each credential under its version, behind the fence that the plan set', async () => {
    const { settled } = await retrieve([item(1, { replaces: 'older' }), item(2)], [lease(0), lease(1)]);
    expect(settled).toEqual([
      { item: 0, outcome: 'delivered' },
      { item: 1, outcome: 'delivered' },
    ]);
    expect(store.deliveries).toMatchObject([
      { name: 'prod/1', versionId: 'version-1', replaces: 'older' },
      { name: 'prod/2', versionId: 'version-2', replaces: undefined },
    ]);
    expect(store.values.get('prod/1')?.reveal()).toBe('credential of 1');
  });

  it('gives on nothing that holds a credential', async () => {
    expect(JSON.stringify(await retrieve([item(1)], [lease(0)]))).not.toContain('credential of');
  });

  it('keeps what was settled before', async () => {
    const settled: Settled[] = [{ item: 0, outcome: 'unchanged' }];
    expect((await retrieve([item(1), item(2)], [lease(1)], { settled })).settled).toHaveLength(2);
  });

  it('does not read a pending request, and signs in for nothing when there is no lease', async () => {
    const { settled } = await retrieve([item(1)], [lease(0, { status: 'pending' })]);
    expect(settled).toEqual([{ item: 0, outcome: 'approvalRequired' }]);
    expect(vault.count('readCredential')).toBe(0);
    await retrieve([item(1)], []);
    expect(vault.count('signIn')).toBe(1);
  });

  it('takes the vault by its word when it says that an approval is missing', async () => {
    vault.fail('readCredential', 101, 'ApprovalPending');
    expect((await retrieve([item(1)], [lease(0)])).settled).toEqual([{ item: 0, outcome: 'approvalRequired' }]);
  });

  it('asks anew when the lease of somebody else ended under its hands, and owns what it opened', async () => {
    vault.open.delete(101);
    const { leases, settled } = await retrieve([item(1)], [lease(0, { owned: false })]);
    expect(settled).toEqual([{ item: 0, outcome: 'delivered' }]);
    expect(leases).toEqual([lease(0, { requestId: 103, owned: true })]);
  });

  it('owns no lease that it got anew from somebody else again', async () => {
    vault.open.delete(101);
    vault.opened({ requestId: 110, accountId: 1 });
    const { leases } = await retrieve([item(1)], [lease(0, { owned: false })]);
    expect(leases).toEqual([lease(0, { requestId: 110, owned: false })]);
  });

  it('does not ask anew for a lease of its own, which ended because somebody wanted it to', async () => {
    vault.open.delete(101);
    const { settled } = await retrieve([item(1)], [lease(0)]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'LeaseGone' } }]);
    expect(vault.count('openRequest')).toBe(0);
  });

  it('keeps the renewed lease when what follows fails, so that it is given back', async () => {
    vault.open.delete(101);
    store.fail('prod/1', 'StoreDenied');
    const { leases, settled } = await retrieve([item(1)], [lease(0, { owned: false })]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'StoreDenied' } }]);
    expect(leases).toMatchObject([{ requestId: 103, owned: true }]);
  });

  it('lets one item fail without its neighbours', async () => {
    vault.fail('readCredential', 101, 'VaultUnavailable');
    const { settled } = await retrieve([item(1), item(2)], [lease(0), lease(1)]);
    expect(settled).toMatchObject([
      { item: 0, outcome: 'failed', failure: { name: 'VaultUnavailable' } },
      { item: 1, outcome: 'delivered' },
    ]);
  });

  it('begins nothing in the last moments of an invocation', async () => {
    const { settled } = await retrieve([item(1)], [lease(0)], { remainingMs: 29_000 });
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'OutOfTime' } }]);
    expect(vault.count('readCredential')).toBe(0);
  });

  it('writes only what differs in a verify run', async () => {
    store.values.set('prod/1', new Secret('credential of 1'));
    store.values.set('prod/2', new Secret('something else'));
    const items = [item(1, { replaces: 'a' }), item(2, { replaces: 'b' })];
    const { settled } = await retrieve(items, [lease(0), lease(1)], { order: { mode: 'verify' } });
    expect(settled).toMatchObject([{ outcome: 'unchanged' }, { outcome: 'delivered' }]);
    expect(store.deliveries).toMatchObject([{ name: 'prod/2' }]);
  });

  it('retires orphans only where the policy says so', async () => {
    const orphans = { policy: 'delete', budget: 5 };
    expect((await retrieve([], [], { retire: ['prod/9'], sync: { orphans } })).retired).toBe(0);
    store.presences.set('prod/9', { kind: 'owned', currentVersionId: 'x', retired: false });
    expect((await retrieve([], [], { retire: ['prod/9'], sync: { orphans } })).retired).toBe(1);
    expect((await retrieve([], [], { retire: ['prod/8'] })).retired).toBe(0);
    expect(store.retired).not.toContain('prod/8');
  });
});
