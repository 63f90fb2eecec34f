import { beforeEach, describe, expect, it } from 'vitest';
import { createCheckIn } from '#functions/checkin/checkin.ts';
import { createRequest } from '#functions/request/request.ts';
import { createRetrieve } from '#functions/retrieve/retrieve.ts';
import { syncNamed } from '#shared/config/sync-named.ts';
import { connectionsWithRequests, opensRequests, renderingOf } from '#shared/config/sync-rules.ts';
import type { Deliverable } from '#shared/domain/deliverable.ts';
import { RelayError } from '#shared/errors.ts';
import { type BatchItem, recordAt } from '#shared/records/records.ts';
import { Secret } from '#shared/secret.ts';
import type { BatchProgress } from '#shared/workflow.ts';
import { anAccount, anAlias } from '#test/support/accounts.ts';
import { aConfig, aRun, syncsOf } from '#test/support/configs.ts';
import { aSafeSecret } from '#test/support/fake-safe.ts';
import { fakeStore, fakeVault, memoryRecords } from '#test/support/fakes.ts';

const ENDS_AT = Date.parse('2026-01-02T04:15:00Z');

const itemOf = (subject: Deliverable, overrides: Partial<BatchItem> = {}): BatchItem => ({
  subject,
  secretName: `prod/${subject.kind}`,
  versionId: 'version-1',
  ...overrides,
});

describe('a batch of', () => {
  let vault: ReturnType<typeof fakeVault>;
  let store: ReturnType<typeof fakeStore>;
  let records: ReturnType<typeof memoryRecords>;
  beforeEach(() => {
    vault = fakeVault();
    store = fakeStore();
    records = memoryRecords();
  });

  /** Goes through the three steps of a batch as the workflow would, and gives what each came to. */
  const through = async (sync: Record<string, unknown>, items: readonly BatchItem[], order = {}) => {
    await records.write(recordAt.batch('databases', 'databases.1', 0), { items: [...items], retire: [] });
    const syncs = syncsOf(sync);
    const shared = { relayId: 'relay', syncs, vaultFor: () => vault.vault, storeFor: () => store.store, records };
    const run = { ...aRun(order), batch: 0 };
    const requested = await createRequest(shared)(run);
    const retrieve = createRetrieve({ ...shared, renderingFor: (name) => renderingOf(syncNamed(syncs, name)) });
    const retrieved: BatchProgress = await retrieve({ ...run, requested }, { remainingMs: () => 900_000 });
    const { givenBack } = await createCheckIn(shared)({ ...run, requested, retrieved });
    const record = await records.read(recordAt.batchRecord('databases', 'databases.1', 0));
    return { requested, retrieved, givenBack, record };
  };
  const delivered = () => store.deliveries.map(({ name, value }) => [name, value.reveal()]);

  describe('accounts by the ISA role', () => {
    const sync = { access: 'isa', value: '{credential}', requestMinutes: 9 };

    it('opens nothing, reads each by one call, and remembers when its releases end', async () => {
      const { requested, givenBack, record } = await through(sync, [itemOf(anAccount({ isaAccess: true }))]);
      expect(requested).toEqual({ leases: [], settled: [], retired: 0 });
      expect(vault.calls).toEqual([['signIn'], ['readAsIsa', 10, 9, 'password'], ['signOut']]);
      expect(delivered()).toEqual([['prod/account', 'credential of 10']]);
      expect([givenBack, record?.checkIns]).toEqual([0, { 0: ENDS_AT }]);
    });

    it('remembers the release also of what could not be delivered', async () => {
      store.fail('prod/account', 'StoreDenied');
      const { record } = await through(sync, [itemOf(anAccount({ isaAccess: true }))]);
      expect(record).toMatchObject({ settled: [{ outcome: 'failed' }], checkIns: { 0: ENDS_AT } });
    });

    it('asks nothing of the vault for an account that it may not read so, and says what to do', async () => {
      const { retrieved } = await through(sync, [itemOf(anAccount({ isaAccess: false }))]);
      expect(retrieved.settled).toMatchObject([{ outcome: 'failed', failure: { name: 'NotRequestable' } }]);
      expect(retrieved.settled[0]?.failure?.message).toContain('access: request');
      expect(vault.calls).toEqual([]);
    });

    it('reads nothing that the store holds already', async () => {
      store.presences.set('prod/account', { kind: 'owned', currentVersionId: 'version-1', retired: false });
      const { retrieved } = await through(sync, [itemOf(anAccount({ isaAccess: true }))]);
      expect(retrieved.settled).toEqual([{ item: 0, outcome: 'unchanged' }]);
      expect(vault.calls).toEqual([]);
    });

    it('refuses what another source has planned, as a deploy in between may leave it', async () => {
      const { retrieved } = await through(sync, [itemOf(anAlias({ isaAccess: true }))]);
      expect(retrieved.settled).toMatchObject([{ failure: { name: 'ContractViolated' } }]);
    });
  });

  describe('aliases', () => {
    const sync = {
      source: 'aliases',
      name: 'prod/{aliasName}',
      credential: 'dsskey',
      value: '{credential}{passphrase}',
    };

    it('is requested, read and given back as the alias', async () => {
      const { givenBack } = await through(sync, [itemOf(anAlias())]);
      expect(vault.calls).toContainEqual(['readCredential', 101, 'dsskey']);
      expect(delivered()).toEqual([['prod/alias', 'credential of 10passphrase of 10']]);
      expect([givenBack, vault.open.size]).toEqual([1, 0]);
    });

    it('finds a request whose answer got lost by the alias, wherever that points by now', async () => {
      vault.fail('openRequest', 10, 'AnswerTimedOut', { mayHaveHappened: true });
      const { requested } = await through(sync, [itemOf(anAlias())]);
      expect(requested.leases).toMatchObject([{ requestId: 101, owned: true }]);
    });

    it('that share an account share its request, which is given back once for both', async () => {
      const items = [itemOf(anAlias()), itemOf(anAlias({ aliasId: 8 }), { secretName: 'prod/other' })];
      const { givenBack, record } = await through(sync, items);
      expect(delivered()).toHaveLength(2);
      expect([givenBack, vault.count('checkIn'), Object.keys(record?.checkIns ?? {})]).toEqual([1, 1, ['0', '1']]);
    });
  });

  describe('secrets of Secrets Safe', () => {
    const sync = { source: 'secrets-safe', name: 'prod/{folderPath}/{title}' };
    const secretOf = (type: 'credential' | 'text' | 'file') => {
      const secret = aSafeSecret({ secretId: type, type });
      vault.safe.secrets.push(secret);
      return itemOf(secret, { secretName: `prod/${type}`, ...(type !== 'file' && { inBulk: {} }) });
    };

    it('opens and gives back nothing, and delivers each type as what it is', async () => {
      const { record } = await through(sync, [secretOf('credential'), secretOf('text'), secretOf('file')]);
      expect(delivered().toSorted()).toEqual(
        [
          ['prod/credential', JSON.stringify({ username: 'svc', password: 'value of credential' })],
          ['prod/text', 'value of text'],
          ['prod/file', Uint8Array.of(0, 255)],
        ].toSorted(),
      );
      expect(vault.safe.calls.toSorted()).toEqual(['folder f1', 'read file']);
      expect(vault.calls).toEqual([['signIn'], ['signOut']]);
      expect(record?.checkIns).toEqual({});
    });

    it('compares bytes with bytes in a verify run', async () => {
      store.values.set('prod/file', new Secret(Uint8Array.of(0, 255)));
      const { retrieved } = await through(sync, [{ ...secretOf('file'), replaces: 'a' }], { mode: 'verify' });
      expect(retrieved.settled).toMatchObject([{ outcome: 'unchanged' }]);
    });

    it('lets one fail without its neighbours, and asks for no requests afterwards', async () => {
      vault.safe.fail('file', new RelayError('NotFound', 'it is gone'));
      const { retrieved } = await through(sync, [secretOf('file'), secretOf('text')]);
      expect(retrieved.settled).toMatchObject([{ failure: { name: 'NotFound' } }, { outcome: 'delivered' }]);
      expect(vault.count('listOpenRequests')).toBe(0);
    });
  });
});

describe('where requests can be open', () => {
  it('is wherever a sync or a checkout opens them', () => {
    const [request, isa, aliases, safe] = [
      {},
      { access: 'isa' },
      { source: 'aliases', name: 'a/{aliasName}' },
      { source: 'secrets-safe', name: 'a/{folderPath}/{title}' },
    ].map((sync) => aConfig(sync));
    const answers = [request, isa, aliases, safe].map((config) => config && connectionsWithRequests(config));
    expect(answers).toEqual([['vault'], [], ['vault'], []]);
    expect(isa && opensRequests(syncNamed(isa.syncs, 'databases'))).toBe(false);
  });
});
