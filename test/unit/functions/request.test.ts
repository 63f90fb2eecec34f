import { beforeEach, describe, expect, it } from 'vitest';
import { createRequest } from '#functions/request/request.ts';
import { writeReason } from '#shared/domain/marker.ts';
import { type BatchItem, recordAt } from '#shared/records/records.ts';
import { anAccount } from '#test/support/accounts.ts';
import { aRun, syncsOf } from '#test/support/configs.ts';
import { fakeStore, fakeVault, memoryRecords } from '#test/support/fakes.ts';

const marker = { relayId: 'relay', run: 'databases.1', batch: 0 };
const ours = writeReason('databases', marker);
const theirs = writeReason('databases', { ...marker, run: 'databases.0' });
const item = (accountId: number, overrides: Partial<BatchItem> = {}): BatchItem => ({
  subject: anAccount({ accountId }),
  secretName: `prod/${accountId}`,
  versionId: `version-${accountId}`,
  ...overrides,
});

describe('request', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
  });
  const request = async (items: readonly BatchItem[], order = {}) => {
    const records = memoryRecords();
    await records.write(recordAt.batch('databases', 'databases.1', 0), { items: [...items], retire: [] });
    const step = createRequest({
      relayId: 'relay',
      syncs: syncsOf({ requestMinutes: 500 }),
      vaultFor: () => vault.vault,
      storeFor: () => store.store,
      records,
    });
    return step({ ...aRun(order), batch: 0 });
  };

  it('opens one request for each item, for no longer than the vault grants, and lists once', async () => {
    const { leases, settled } = await request([item(1), item(2)]);
    expect(leases).toEqual([
      { item: 0, requestId: 101, owned: true, status: 'active' },
      { item: 1, requestId: 102, owned: true, status: 'active' },
    ]);
    expect(settled).toEqual([]);
    expect(vault.calls).toContainEqual(['openRequest', 1, 120]);
    expect(vault.count('listOpenRequests')).toBe(1);
  });

  it('asks the vault for nothing when the store holds everything already', async () => {
    store.presences.set('prod/1', { kind: 'owned', currentVersionId: 'version-1', retired: false });
    const { leases, settled } = await request([item(1)]);
    expect({ leases, settled }).toEqual({ leases: [], settled: [{ item: 0, outcome: 'unchanged' }] });
    expect(vault.calls).toEqual([]);
  });

  it('reads a current one all the same in a verify run', async () => {
    store.presences.set('prod/1', { kind: 'owned', currentVersionId: 'version-0', retired: false });
    const { leases } = await request([item(1, { replaces: 'version-0' })], { mode: 'verify' });
    expect(leases).toHaveLength(1);
  });

  it('refuses a foreign secret before it costs a checkout, and gives the command that adopts it', async () => {
    store.presences.set('prod/1', { kind: 'foreign' });
    const { settled } = await request([item(1), item(2)]);
    expect(settled).toMatchObject([{ item: 0, outcome: 'failed', failure: { name: 'SecretForeign' } }]);
    expect(settled[0]?.failure?.message).toContain('adopt prod/1');
    expect(vault.count('openRequest')).toBe(1);
  });

  it('leaves a secret alone that has changed since the plan was made', async () => {
    store.presences.set('prod/1', { kind: 'owned', currentVersionId: 'newer', retired: false });
    const { settled } = await request([item(1, { replaces: 'older' })]);
    expect(settled).toMatchObject([{ outcome: 'failed', failure: { name: 'DeliverySuperseded' } }]);
  });

  it.each(['older', 'version-1'])(
    'goes on with a secret that was retired at %s and is wanted again',
    async (current) => {
      store.presences.set('prod/1', { kind: 'owned', currentVersionId: current, retired: true });
      expect((await request([item(1)])).leases).toHaveLength(1);
    },
  );

  it('never takes a request for its own that somebody else opened', async () => {
    vault.opened({ requestId: 7, accountId: 1, reason: 'by hand' });
    vault.opened({ requestId: 8, accountId: 2, reason: theirs });
    const { leases } = await request([item(1), item(2)]);
    expect(leases).toMatchObject([
      { requestId: 7, owned: false },
      { requestId: 8, owned: false },
    ]);
  });

  it('knows a request by its marker that an earlier attempt of this step opened', async () => {
    vault.opened({ requestId: 9, accountId: 1, reason: ours });
    expect((await request([item(1)])).leases).toMatchObject([{ requestId: 9, owned: true }]);
  });

  it('finds a request by its marker whose answer got lost', async () => {
    vault.fail('openRequest', 1, 'VaultUnavailable', { mayHaveHappened: true });
    const { leases, settled } = await request([item(1)]);
    expect(leases).toMatchObject([{ requestId: 101, owned: true }]);
    expect(settled).toEqual([]);
  });

  it('tells a pending request apart', async () => {
    vault.opened({ requestId: 9, accountId: 1, reason: ours, status: 'pending' });
    vault.fail('openRequest', 1, 'RequestConflict');
    expect((await request([item(1)])).leases).toMatchObject([{ requestId: 9, owned: true, status: 'pending' }]);
  });

  it('lets one item fail without its neighbours', async () => {
    vault.fail('openRequest', 1, 'NotRequestable');
    const { leases, settled } = await request([item(1), item(2)]);
    expect(leases).toMatchObject([{ item: 1, owned: true }]);
    expect(settled).toMatchObject([{ item: 0, outcome: 'failed', failure: { name: 'NotRequestable' } }]);
  });

  it('takes nothing for its own that it can not know of, when the list fails', async () => {
    vault.opened({ requestId: 9, accountId: 1, reason: ours });
    vault.fail('listOpenRequests', 0, 'VaultUnavailable');
    const { leases } = await request([item(1), item(2)]);
    expect(leases).toMatchObject([{ owned: false }, { owned: true }]);
  });
});
