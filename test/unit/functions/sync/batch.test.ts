import { beforeEach, describe, expect, it } from 'vitest';
import { accountItem, aliasItem } from '#shared/connections/password-safe/sources/account-items.ts';
import type { Item } from '#shared/domain/item.ts';
import type { BatchItem } from '#shared/domain/plan/batch.ts';
import { Secret } from '#shared/secret.ts';
import { NO_CALLS } from '#shared/workflows/calls.ts';
import { anAccount, anAlias } from '#test/support/accounts.ts';
import { aTarget, type BatchScene, goThrough } from '#test/support/batches.ts';
import { ENDS_AT, fakeVault } from '#test/support/fake-vault.ts';
import { fakeStore, memoryRecords } from '#test/support/fakes.ts';
import { aliasOf, anItem, itemNumbered } from '#test/support/items.ts';

const itemOf = (item: Item, name = 'prod/one'): BatchItem => ({ item, targets: [aTarget(name)] });

describe('a batch of', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  let scene: BatchScene;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
    scene = { vault, stores: { aws: store }, records: memoryRecords() };
  });
  const delivered = () => store.deliveries.map(({ name, value }) => [name, value.reveal()]);

  describe('items that are read without a lease', () => {
    const sync = { access: 'isa', value: '{credential}' };
    const account = (isaAccess = true) => accountItem(anAccount({ isaAccess }), 'password');

    it('opens no leases, reads each item with one call, and remembers when its releases end', async () => {
      const { requested, closed, record } = await goThrough(scene, [itemOf(account())], { sync });
      expect(requested).toEqual({ leases: [], settled: [], releaseEnds: {}, retirements: [], calls: NO_CALLS });
      expect(vault.calls).toEqual([['signIn'], ['readPlain', '1:10', undefined], ['signOut']]);
      expect(delivered()).toEqual([['prod/one', 'credential of 1:10']]);
      expect([closed, record?.checkIns]).toEqual([0, { 0: Date.parse(ENDS_AT) }]);
    });

    it('remembers the release of an item even if its delivery failed', async () => {
      store.fail('prod/one', 'StoreDenied');
      const { record } = await goThrough(scene, [itemOf(account())], { sync });
      expect(record).toMatchObject({ settled: [{ outcome: 'failed' }], checkIns: { 0: Date.parse(ENDS_AT) } });
    });

    it('makes no call for an item that it may not read this way, and describes the fix', async () => {
      const { retrieved } = await goThrough(scene, [itemOf(account(false))], { sync });
      expect(retrieved.settled).toMatchObject([{ outcome: 'failed', failure: { name: 'NotRequestable' } }]);
      expect(retrieved.settled[0]?.failure?.message).toContain('access: request');
      expect(vault.calls).toEqual([]);
    });

    it('reads no item whose current value is already stored', async () => {
      store.presences.set('prod/one', { kind: 'owned', stamp: 'stamp of prod/one', retired: false });
      const { retrieved } = await goThrough(scene, [itemOf(account())], { sync });
      expect(retrieved.settled).toEqual([{ item: 0, target: 0, outcome: 'unchanged' }]);
      expect(vault.calls).toEqual([]);
    });

    it('refuses a plan for another source, which a deployment can leave', async () => {
      const alias = aliasItem(anAlias({ isaAccess: true }), 'password');
      const { retrieved } = await goThrough(scene, [itemOf(alias)], { sync });
      expect(retrieved.settled).toMatchObject([{ failure: { name: 'ContractViolated' } }]);
    });
  });

  describe('items with several names', () => {
    const sync = {
      source: 'aliases',
      name: 'prod/{aliasName}',
      credential: 'dsskey',
      value: '{credential}{passphrase}',
    };
    const [payments, reports] = [aliasOf(itemNumbered(1), 'payments'), aliasOf(itemNumbered(1), 'reports')];

    it('reads an item under a lease for the name, with all that belongs to its credential', async () => {
      const { closed } = await goThrough(scene, [itemOf(payments)], { sync });
      expect(vault.calls).toContainEqual(['read', '101']);
      expect(delivered()).toEqual([['prod/one', 'credential of paymentspassphrase of payments']]);
      expect([closed, vault.open.size]).toEqual([1, 0]);
    });

    it('finds a lease whose answer was lost by its name, whatever account the name now points to', async () => {
      vault.fail('open', 'payments', 'AnswerTimedOut', { mayHaveHappened: true });
      const { requested } = await goThrough(scene, [itemOf(payments)], { sync });
      expect(requested.leases).toMatchObject([{ id: '101', ours: true }]);
    });

    it('closes a shared lease once', async () => {
      const items = [itemOf(payments), itemOf(reports, 'prod/other')];
      const { closed, record } = await goThrough(scene, items, { sync });
      expect(delivered()).toHaveLength(2);
      expect([closed, vault.count('close'), Object.keys(record?.checkIns ?? {})]).toEqual([1, 1, ['0', '1']]);
    });
  });

  describe('texts and files', () => {
    const sync = { source: 'secrets-safe', name: 'prod/{folderPath}/{title}' };
    const secretOf = (id: string, more: Partial<Item> = {}) =>
      itemOf(anItem({ ref: { kind: 'secret', id }, labels: { username: 'svc' }, ...more }), `prod/${id}`);
    const file = new Secret(Uint8Array.of(0, 255));
    beforeEach(() => {
      vault.reads.set('file', { content: { file } });
    });
    const aFile = () => secretOf('file', { verbatim: true });

    it('opens and closes no leases, and delivers each in its own form', async () => {
      const items = [secretOf('login'), secretOf('text', { verbatim: true }), aFile()];
      await goThrough(scene, items, { sync });
      expect(delivered().toSorted()).toEqual(
        [
          ['prod/login', JSON.stringify({ username: 'svc', password: 'credential of login' })],
          ['prod/text', 'credential of text'],
          ['prod/file', Uint8Array.of(0, 255)],
        ].toSorted(),
      );
      expect(vault.order('signIn', 'readPlain', 'open', 'held', 'close', 'signOut')).toEqual([
        'signIn',
        'readPlain',
        'readPlain',
        'readPlain',
        'signOut',
      ]);
    });

    it('compares bytes with bytes in a verify run', async () => {
      store.values.set('prod/file', new Secret(Uint8Array.of(0, 255)));
      const one = { ...aFile(), targets: [aTarget('prod/file', { expected: { stamp: 'a' } })] };
      const { retrieved } = await goThrough(scene, [one], { sync, order: { mode: 'verify' } });
      expect(retrieved.settled).toMatchObject([{ outcome: 'unchanged' }]);
    });

    it('isolates the failure of one item, and lists no leases afterwards', async () => {
      vault.fail('readPlain', 'file', 'NotFound');
      const { retrieved } = await goThrough(scene, [aFile(), secretOf('text')], { sync });
      expect(retrieved.settled).toMatchObject([{ failure: { name: 'NotFound' } }, { outcome: 'delivered' }]);
      expect(vault.count('held')).toBe(0);
    });
  });
});
