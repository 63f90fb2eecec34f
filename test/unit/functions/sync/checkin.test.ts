import { beforeEach, describe, expect, it } from 'vitest';
import { createCheckIn } from '#functions/sync/checkin/checkin.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import { writeReason } from '#shared/leases/marker.ts';
import { recordAt } from '#shared/records/records.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import type { Caught } from '#shared/workflows/run.ts';
import type { BatchLease, BatchProgress, Retirement, Settled } from '#shared/workflows/sync.ts';
import { aBatchRun, BATCH_MARKER } from '#test/support/batches.ts';
import { aConfig } from '#test/support/configs.ts';
import { CLOSED_AT, fakeVault } from '#test/support/fake-vault.ts';
import { memoryOpenBatches, memoryRecords, rulesOf } from '#test/support/fakes.ts';

const reasonOf = (overrides = {}) => writeReason({ ...BATCH_MARKER, ...overrides });
const lease = (id: number, overrides: Partial<BatchLease> = {}): BatchLease => ({
  item: id - 101,
  id: String(id),
  ours: true,
  status: 'active',
  ...overrides,
});
const progress = (...leases: BatchLease[]): BatchProgress => ({
  leases,
  settled: [],
  releaseEnds: {},
  retirements: [],
  calls: NO_CALLS,
});
const CALLS = { vault: 2, store: 3 };
const ERROR = { Error: 'VaultUnavailable', Cause: '{}' };

describe('checkin', () => {
  let vault: ReturnType<typeof fakeVault>;
  let records: ReturnType<typeof memoryRecords>;
  let openBatches: ReturnType<typeof memoryOpenBatches>;
  beforeEach(() => {
    vault = fakeVault();
    records = memoryRecords();
    openBatches = memoryOpenBatches();
  });
  const checkIn = (input: { requested?: BatchProgress; retrieved?: BatchProgress; error?: Caught }, sync = {}) =>
    createCheckIn({
      relayId: 'relay',
      config: aConfig(sync),
      vaultOf: async () => vault.vault,
      rulesOf: async (_connection, rule) => rulesOf(rule),
      records,
      openBatches,
      calls: () => CALLS,
    })({ ...aBatchRun(), ...input });
  const recorded = () => records.read(recordAt.batchRecord(BATCH_MARKER, 0));

  it('closes its own leases, and records the time of the vault', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    expect(await checkIn({ requested: progress(lease(101)) })).toEqual({ closed: 1 });
    expect(vault.open.size).toBe(0);
    expect(await recorded()).toEqual({
      settled: [],
      checkIns: { 0: Date.parse(CLOSED_AT) },
      retirements: [],
      calls: CALLS,
    });
  });

  it('lets another batch use the store, even if its own leases cannot be closed', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    vault.fail('close', '101', 'VaultUnavailable');
    await expect(checkIn({ requested: progress(lease(101)) })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect(openBatches.calls).toEqual([`leave ${BATCH_MARKER.run}/0`]);
  });

  it('reports an end of the batch that could not be recorded, after it has closed the leases', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    openBatches.leave = async () => {
      throw new RelayError('StoreUnavailable', 'no S3');
    };
    await expect(checkIn({ requested: progress(lease(101)) })).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vault.open.size).toBe(0);
  });

  it('never closes what others opened: a person, another relay, workflow, run or batch', async () => {
    vault.opened({ id: '101', item: '1', reason: 'by hand' });
    vault.opened({ id: '102', item: '2', reason: reasonOf({ relayId: 'other' }) });
    vault.opened({ id: '103', item: '3', reason: reasonOf({ run: 'databases.0' }) });
    vault.opened({ id: '104', item: '4', reason: reasonOf({ batch: 1 }) });
    vault.opened({ id: '105', item: '5', reason: reasonOf({ workflow: 'checkout' }) });
    await checkIn({ requested: progress(lease(101, { ours: false }), lease(103, { ours: false })) });
    expect([...vault.open.keys()]).toEqual(['101', '102', '103', '104', '105']);
  });

  it('finds by the marker a lease that a stopped step opened before it returned', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    expect(await checkIn({ error: ERROR })).toEqual({ closed: 1 });
    expect(vault.open.size).toBe(0);
    expect(await recorded()).toEqual({
      settled: [],
      checkIns: {},
      retirements: [],
      calls: CALLS,
      error: 'VaultUnavailable: see the execution.',
    });
  });

  it('uses the latest leases, because retrieve may have renewed one', async () => {
    vault.opened({ id: '105', item: '1', reason: '' });
    await checkIn({ requested: progress(lease(101, { ours: false })), retrieved: progress(lease(105, { item: 0 })) });
    expect(vault.open.size).toBe(0);
  });

  it('closes every lease that it can, records the result, and then throws the first error', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    vault.opened({ id: '102', item: '2', reason: reasonOf() });
    vault.fail('close', '101', 'VaultUnavailable');
    const known = progress(lease(101), lease(102));
    await expect(checkIn({ requested: known })).rejects.toMatchObject({ name: 'VaultUnavailable' });
    expect([...vault.open.keys()]).toEqual(['101']);
    expect(await recorded()).toEqual({
      settled: [],
      checkIns: { 1: Date.parse(CLOSED_AT) },
      retirements: [],
      calls: CALLS,
      leftOpen: 'VaultUnavailable: VaultUnavailable by close',
    });
  });

  it('counts leases that are already gone as closed', async () => {
    expect(await checkIn({ requested: progress(lease(101)) })).toEqual({ closed: 1 });
  });

  it('does not sign in if the batch opened no leases', async () => {
    const settled: Settled[] = [{ item: 0, target: 0, outcome: 'unchanged' }];
    const told = { ...progress(), settled };
    expect(await checkIn({ requested: told, retrieved: told })).toEqual({ closed: 0 });
    expect(vault.calls).toEqual([]);
    expect(await recorded()).toMatchObject({ settled });
  });

  it('looks for remaining leases if an item failed, because its lease may have been opened', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    const failure = { name: 'VaultUnavailable', message: '' } as const;
    await checkIn({ requested: { ...progress(), settled: [{ item: 0, target: 0, outcome: 'failed', failure }] } });
    expect(vault.open.size).toBe(0);
  });

  it('lists no leases if reading needs none, because its user may not be allowed to list them', async () => {
    expect(await checkIn({ error: ERROR }, { access: 'isa' })).toEqual({ closed: 0 });
    expect(vault.calls).toEqual([]);
  });

  describe('when the vault fails', () => {
    const settled: Settled[] = [{ item: 0, target: 0, outcome: 'delivered' }];
    const retirements: Retirement[] = [{ orphan: 0, outcome: 'retired' }];
    const delivered = (...leases: BatchLease[]) => ({ ...progress(...leases), settled, retirements });

    it.each<[string, Parameters<typeof vault.fail>, ErrorName]>([
      ['that refuses the sign-in', ['signIn', '', 'SignInRefused'], 'SignInRefused'],
      ['whose list cannot be read', ['held', '', 'AnswerMalformed'], 'AnswerMalformed'],
    ])('records the result of the batch before it throws: a vault %s', async (_what, failure, name) => {
      vault.opened({ id: '101', item: '1', reason: reasonOf() });
      vault.fail(...failure);
      await expect(checkIn({ retrieved: delivered(lease(101)) })).rejects.toMatchObject({ name });
      expect(await recorded()).toMatchObject({ settled, retirements, leftOpen: expect.stringContaining(`${name}: `) });
    });

    it('records what it closed before the list failed', async () => {
      vault.opened({ id: '101', item: '1', reason: reasonOf() });
      vault.fail('held', '', 'AnswerMalformed');
      await expect(checkIn({ retrieved: delivered(lease(101)) })).rejects.toMatchObject({ name: 'AnswerMalformed' });
      expect(await recorded()).toMatchObject({ checkIns: { 0: Date.parse(CLOSED_AT) } });
    });

    it('keeps the record of an earlier attempt, and removes its error once everything is closed', async () => {
      vault.opened({ id: '101', item: '1', reason: reasonOf() });
      vault.opened({ id: '102', item: '2', reason: reasonOf() });
      vault.fail('close', '102', 'VaultUnavailable');
      const retrieved = delivered(lease(101), lease(102));
      await expect(checkIn({ retrieved })).rejects.toMatchObject({ name: 'VaultUnavailable' });
      const first = await recorded();
      vault.fail('signIn', '', 'SignInRefused');
      await expect(checkIn({ retrieved })).rejects.toMatchObject({ name: 'SignInRefused' });
      expect(await recorded()).toMatchObject({ checkIns: first?.checkIns, leftOpen: expect.stringMatching(/^SignIn/) });
      vault.heal();
      await checkIn({ retrieved });
      expect(await recorded()).toMatchObject({
        settled,
        checkIns: { 0: Date.parse(CLOSED_AT), 1: expect.any(Number) },
      });
      expect(await recorded()).not.toHaveProperty('leftOpen');
    });
  });

  it('closes what is open even if nothing can be recorded, and then fails', async () => {
    vault.opened({ id: '101', item: '1', reason: reasonOf() });
    const write = async () => Promise.reject(new RelayError('StoreUnavailable', 'S3 is away.'));
    records = { ...records, write };
    await expect(checkIn({ requested: progress(lease(101)) })).rejects.toMatchObject({ name: 'StoreUnavailable' });
    expect(vault.open.size).toBe(0);
  });

  it('records the error that ended the batch', async () => {
    const error = { Error: 'StoreDenied', Cause: JSON.stringify({ errorMessage: 'Allow it.' }) };
    await checkIn({ requested: progress(), error });
    expect(await recorded()).toMatchObject({ error: 'StoreDenied: Allow it.' });
  });
});
