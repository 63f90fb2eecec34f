import { beforeEach, describe, expect, it } from 'vitest';
import { createCheckIn } from '#functions/checkin/checkin.ts';
import { writeReason } from '#shared/domain/marker.ts';
import { recordAt } from '#shared/records/records.ts';
import type { BatchProgress, Lease } from '#shared/workflow.ts';
import { aRun, syncsOf } from '#test/support/configs.ts';
import { fakeVault, memoryRecords } from '#test/support/fakes.ts';

const marker = { relayId: 'relay', run: 'databases.1', batch: 0 };
const reasonOf = (overrides = {}) => writeReason('databases', { ...marker, ...overrides });
const lease = (requestId: number, overrides: Partial<Lease> = {}): Lease => ({
  item: requestId - 101,
  requestId,
  owned: true,
  status: 'active',
  ...overrides,
});
const progress = (...leases: Lease[]): BatchProgress => ({ leases, settled: [], retired: 0 });
const ERROR = { Error: 'VaultUnavailable', Cause: '{}' };

describe('checkin', () => {
  let vault: ReturnType<typeof fakeVault>;
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    vault = fakeVault();
    records = memoryRecords();
  });
  const checkIn = (input: { requested?: BatchProgress; retrieved?: BatchProgress; error?: unknown }) =>
    createCheckIn({ relayId: 'relay', syncs: syncsOf(), vaultFor: () => vault.vault, records })({
      ...aRun(),
      batch: 0,
      ...input,
    });
  const recorded = () => records.read(recordAt.batchRecord('databases', 'databases.1', 0));

  it('gives back what it owns, and notes when, by the clock of the vault', async () => {
    vault.opened({ requestId: 101, accountId: 1, reason: reasonOf() });
    expect(await checkIn({ requested: progress(lease(101)) })).toEqual({ givenBack: 1 });
    expect(vault.open.size).toBe(0);
    expect(await recorded()).toEqual({ settled: [], checkIns: { 0: Date.parse('2026-01-02T04:00:00Z') }, retired: 0 });
  });

  it('never gives back what somebody else opened: a person, another relay, run or batch', async () => {
    vault.opened({ requestId: 101, accountId: 1, reason: 'by hand' });
    vault.opened({ requestId: 102, accountId: 2, reason: reasonOf({ relayId: 'other' }) });
    vault.opened({ requestId: 103, accountId: 3, reason: reasonOf({ run: 'databases.0' }) });
    vault.opened({ requestId: 104, accountId: 4, reason: reasonOf({ batch: 1 }) });
    await checkIn({ requested: progress(lease(101, { owned: false }), lease(103, { owned: false })) });
    expect([...vault.open.keys()]).toEqual([101, 102, 103, 104]);
  });

  it('finds by the marker what a step opened that did not live to tell', async () => {
    vault.opened({ requestId: 101, accountId: 1, reason: reasonOf() });
    expect(await checkIn({ error: ERROR })).toEqual({ givenBack: 1 });
    expect(vault.open.size).toBe(0);
    expect(await recorded()).toBeUndefined();
  });

  it('knows the latest leases: retrieve may have renewed one', async () => {
    vault.opened({ requestId: 105, accountId: 1, reason: '' });
    await checkIn({ requested: progress(lease(101, { owned: false })), retrieved: progress(lease(105, { item: 0 })) });
    expect(vault.open.size).toBe(0);
  });

  it('gives back all it can, writes down what it knows, and then raises what it could not', async () => {
    vault.opened({ requestId: 101, accountId: 1, reason: reasonOf() });
    vault.opened({ requestId: 102, accountId: 2, reason: reasonOf() });
    vault.fail('checkIn', 101, 'VaultUnavailable');
    const known = progress(lease(101), lease(102));
    await expect(checkIn({ requested: known })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect([...vault.open.keys()]).toEqual([101]);
    expect(await recorded()).toEqual({ settled: [], checkIns: { 1: Date.parse('2026-01-02T04:00:00Z') }, retired: 0 });
  });

  it('takes what is gone already for given back', async () => {
    expect(await checkIn({ requested: progress(lease(101)) })).toEqual({ givenBack: 1 });
  });

  it('does not sign in when the batch opened nothing', async () => {
    const settled = [{ item: 0, outcome: 'unchanged' as const }];
    expect(await checkIn({ requested: { ...progress(), settled }, retrieved: { ...progress(), settled } })).toEqual({
      givenBack: 0,
    });
    expect(vault.calls).toEqual([]);
    expect(await recorded()).toMatchObject({ settled });
  });

  it('looks for left-overs when an item failed, since its request may have been opened all the same', async () => {
    vault.opened({ requestId: 101, accountId: 1, reason: reasonOf() });
    const settled = [
      { item: 0, outcome: 'failed' as const, failure: { name: 'VaultUnavailable' as const, message: '' } },
    ];
    await checkIn({ requested: { ...progress(), settled } });
    expect(vault.open.size).toBe(0);
  });
});
