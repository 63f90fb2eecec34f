import { beforeEach, describe, expect, it } from 'vitest';
import { createPlan } from '#functions/sync/plan/plan.ts';
import { createReport } from '#functions/sync/report/report.ts';
import type { Item, Member } from '#shared/domain/item.ts';
import { createRendering } from '#shared/domain/rendering.ts';
import { stampOf } from '#shared/domain/stamp.ts';
import { activate } from '#shared/domain/turns.ts';
import { readRequired, recordAt } from '#shared/records/records.ts';
import { readActive, readSyncTurns, switchActive } from '#shared/records/turn-records.ts';
import { awsSecretsManagerRules } from '#shared/stores/aws-secrets-manager/rules.ts';
import type { StoredSecret } from '#shared/stores/store.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import type { Settled } from '#shared/workflows/sync.ts';
import { aConfig, aRun } from '#test/support/configs.ts';
import { fakeVault, pageOf } from '#test/support/fake-vault.ts';
import { fakeStore, memoryPages, memoryRecords, memorySharedRecords, rulesOf } from '#test/support/fakes.ts';
import { anItem } from '#test/support/items.ts';

const NOW = Date.parse('2026-01-02T04:00:00Z');
const VALUE = { username: '{accountName}', password: '{credential}' };
const MEMBERS = ['a', 'b'].map(
  (id): Member =>
    anItem({ ref: { kind: 'account', id }, title: id, labels: { accountName: id, accountId: id, systemId: '1' } }),
);
const [A, B] = MEMBERS;
const ORDERS: Item = {
  ...anItem({ ref: { kind: 'pair', id: 'orders' }, title: 'orders', handle: {}, members: MEMBERS }),
  labels: { pairName: 'orders' },
};
const CONFIG = aConfig({ source: 'pairs', stores: ['aws', 'other'], name: 'pairs/{pairName}', value: VALUE });

const holding = (member: Member | undefined): StoredSecret[] => {
  if (member === undefined) return [];
  const item = activate(ORDERS, member);
  return [{ name: 'pairs/orders', stamp: stampOf('vault', item, createRendering(VALUE).fingerprint(item)) }];
};

describe('a sync of pairs', () => {
  let records: ReturnType<typeof memoryRecords>;
  let turns: ReturnType<typeof memorySharedRecords>;
  beforeEach(() => {
    records = memoryRecords();
    turns = memorySharedRecords();
  });

  const plan = async (aws?: Member, other?: Member) => {
    const planned = await createPlan({
      config: CONFIG,
      vaultOf: async () => fakeVault([pageOf([ORDERS])]).vault,
      rulesOf: async (_connection, rule) => rulesOf(rule),
      storeFor: async (store) => ({
        ...fakeStore().store,
        async *list() {
          yield holding(store === 'aws' ? aws : other);
        },
      }),
      storeRules: async () => awsSecretsManagerRules,
      pacingOf: async () => undefined,
      calls: () => NO_CALLS,
      records,
      turns,
      hasEarlierRun: async () => false,
      readNamed: async () => [],
      now: () => NOW,
    })(aRun());
    const { items } =
      planned.batches.length > 0 ? await readRequired(records, recordAt.batch(aRun(), 0)) : { items: [] };
    return {
      delivered: items.map(({ item }) => item.active?.id),
      remarks: (await records.read(recordAt.plan(aRun())))?.remarks,
    };
  };
  const report = async (outcomes: readonly Settled['outcome'][]) => {
    const settled = outcomes.map((outcome, target) => ({ item: 0, target, outcome }));
    const batch = { settled, checkIns: {}, retirements: [], calls: NO_CALLS };
    await records.write(recordAt.batchRecord(aRun(), 0), batch);
    const step = createReport({
      ...{ config: CONFIG, records, turns, pages: memoryPages() },
      measure: async () => {},
      notify: async () => {},
      now: () => NOW,
    });
    const batches = outcomes.length > 0 ? [0] : [];
    await step({ ...aRun(), planned: { status: 'planned', batches, concurrency: 1 } });
    return readSyncTurns(turns, 'vault', 'databases');
  };
  const active = () => readActive(turns, 'vault');

  it('delivers the recorded account, whatever the stores hold', async () => {
    await switchActive(turns, 'vault', { item: 'pair:orders', account: 'account:b', switches: 0 });
    expect(await plan(A, A)).toMatchObject({ delivered: ['b'], remarks: [] });
    expect(await plan(B, B)).toMatchObject({ delivered: [], remarks: [] });
  });

  it('finds the account of a lost record in the stores, and records it', async () => {
    expect(await plan(B, undefined)).toMatchObject({ delivered: ['b'] });
    expect(await active()).toEqual({ 'pair:orders': 'account:b' });
  });

  it('delivers the first account if nothing is known, and keeps to it', async () => {
    expect(await plan()).toMatchObject({ delivered: ['a'] });
    expect(await plan(B, B)).toMatchObject({ delivered: ['a'] });
  });

  it('chooses again if the recorded account is no longer one of the pair, and records it', async () => {
    await switchActive(turns, 'vault', { item: 'pair:orders', account: 'account:gone', switches: 0 });
    expect(await plan(B)).toMatchObject({ delivered: ['b'] });
    expect(await active()).toEqual({ 'pair:orders': 'account:b' });
  });

  it('delivers nothing if the stores contradict each other, and says what to do', async () => {
    const { delivered, remarks } = await plan(A, B);
    expect(delivered).toEqual([]);
    expect(remarks).toMatchObject([{ item: 'orders', outcome: 'failed', stores: ['aws', 'other'] }]);
    expect(remarks?.[0]?.message).toContain('Remove its secret from all stores but one');
    expect(await active()).toEqual({});
  });

  it('is open from its plan to its report, which records the account that all targets hold', async () => {
    await plan(A);
    expect(await readSyncTurns(turns, 'vault', 'databases')).toMatchObject({
      open: { 'databases.1': NOW },
      delivered: {},
    });
    expect(await report(['delivered'])).toMatchObject({ open: {}, delivered: { 'pair:orders': 'account:a' } });
  });

  it('records nothing of a pair that a target does not hold', async () => {
    await plan();
    expect(await report(['delivered', 'failed'])).toMatchObject({ open: {}, delivered: {} });
  });

  it('records a pair that is unchanged everywhere', async () => {
    await plan(A, A);
    expect(await report([])).toMatchObject({ open: {}, delivered: { 'pair:orders': 'account:a' } });
  });
});
