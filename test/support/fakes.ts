import type { AccountPage, OpenRequest, Vault, VaultSession } from '#shared/clients/password-safe/vault.ts';
import type { Account } from '#shared/domain/account.ts';
import { type ErrorName, RelayError } from '#shared/errors.ts';
import type { Notes } from '#shared/records/notes.ts';
import type { RecordPlace, Records } from '#shared/records/records.ts';
import { Secret } from '#shared/secret.ts';
import type { Delivery, Presence, SecretStore, StoredSecret } from '#shared/stores/store.ts';

/** Records in memory, stored as JSON text so that what does not survive JSON does not survive here either. */
export const memoryRecords = () => {
  const objects = new Map<string, string>();
  const records: Records = {
    async read<T>({ key, schema }: RecordPlace<T>) {
      const text = objects.get(key);
      return text === undefined ? undefined : schema.parse(JSON.parse(text));
    },
    async write({ key }, record) {
      objects.set(key, JSON.stringify(record));
    },
  };
  return { ...records, objects };
};

/** Notes in memory; `keys` is what lies there. */
export const memoryNotes = () => {
  const keys = new Set<string>();
  const notes: Notes = {
    async put(key) {
      keys.add(key);
    },
    list: async (prefix) => [...keys].filter((key) => key.startsWith(prefix)),
  };
  return { ...notes, keys };
};

type Call = readonly [keyof VaultSession | 'signIn' | 'signOut', ...unknown[]];

/** A vault that answers as told and remembers what it was asked. */
export const fakeVault = (pages: readonly AccountPage[] = []) => {
  const calls: Call[] = [];
  const open = new Map<number, OpenRequest>();
  const failures = new Map<string, RelayError>();
  let lastId = 100;
  const failIfTold = (call: string, id: number): void => {
    const failure = failures.get(`${call} ${id}`);
    if (failure !== undefined) throw failure;
  };

  const session: VaultSession = {
    async *listAccounts(query) {
      calls.push(['listAccounts', query]);
      yield* pages;
    },
    async openRequest({ systemId, accountId, reason, durationMinutes }) {
      calls.push(['openRequest', accountId, durationMinutes]);
      const failure = failures.get(`openRequest ${accountId}`);
      if (failure !== undefined && !failure.mayHaveHappened) throw failure;
      const known = [...open.values()].find((row) => row.accountId === accountId && row.status === 'active');
      if (known !== undefined) return { requestId: known.requestId, reused: true };
      lastId += 1;
      open.set(lastId, {
        requestId: lastId,
        systemId,
        accountId,
        status: 'active',
        reason,
        createdAt: undefined,
        expiresAt: undefined,
      });
      if (failure !== undefined) throw failure;
      return { requestId: lastId, reused: false };
    },
    async readCredential(requestId) {
      calls.push(['readCredential', requestId]);
      failIfTold('readCredential', requestId);
      const row = open.get(requestId);
      if (row === undefined) throw new RelayError('LeaseGone', 'gone');
      return new Secret(`credential of ${row.accountId}`);
    },
    async checkIn(requestId) {
      calls.push(['checkIn', requestId]);
      failIfTold('checkIn', requestId);
      return { gone: !open.delete(requestId), at: '2026-01-02T04:00:00.000Z' };
    },
    async listOpenRequests() {
      calls.push(['listOpenRequests']);
      failIfTold('listOpenRequests', 0);
      return [...open.values()];
    },
  };
  const vault: Vault = {
    async withSession(work) {
      calls.push(['signIn']);
      try {
        return await work(session);
      } finally {
        calls.push(['signOut']);
      }
    },
  };
  return {
    vault,
    calls,
    open,
    /** How often one kind of call was made. */
    count: (kind: Call[0]): number => calls.filter(([made]) => made === kind).length,
    fail(call: keyof VaultSession, id: number, name: ErrorName, options: { mayHaveHappened?: boolean } = {}): void {
      failures.set(`${call} ${id}`, new RelayError(name, `${name} by ${call}`, options));
    },
    opened(request: Partial<OpenRequest> & Pick<OpenRequest, 'requestId' | 'accountId'>): void {
      lastId = Math.max(lastId, request.requestId);
      open.set(request.requestId, {
        systemId: 1,
        status: 'active',
        reason: '',
        createdAt: undefined,
        expiresAt: undefined,
        ...request,
      });
    },
  };
};

export const pageOf = (accounts: readonly Account[], complete = true): AccountPage => ({ accounts, complete });

/** A store in memory that remembers what was delivered and retired. */
export const fakeStore = (secrets: readonly StoredSecret[] = []) => {
  const presences = new Map<string, Presence>(
    secrets.map(({ name, currentVersionId }) => [name, { kind: 'owned', currentVersionId, retired: false }]),
  );
  const values = new Map<string, Secret>();
  const deliveries: Delivery[] = [];
  const retired: string[] = [];
  const failures = new Map<string, ErrorName>();
  const failIfTold = (name: string): void => {
    const failure = failures.get(name);
    if (failure !== undefined) throw new RelayError(failure, `${failure} for ${name}`);
  };
  const store: SecretStore = {
    async *list() {
      yield [...presences].flatMap(([name, presence]) =>
        presence.kind === 'owned' ? { name, currentVersionId: presence.currentVersionId } : [],
      );
    },
    async inspect(name) {
      return presences.get(name) ?? { kind: 'absent' };
    },
    async readCurrent(name) {
      return values.get(name);
    },
    async deliver(delivery) {
      failIfTold(delivery.name);
      deliveries.push(delivery);
      presences.set(delivery.name, { kind: 'owned', currentVersionId: delivery.versionId, retired: false });
      values.set(delivery.name, delivery.value);
      return { versionId: delivery.versionId, changed: true };
    },
    async retire(name) {
      failIfTold(name);
      retired.push(name);
      return presences.delete(name);
    },
    adoptCommand: (name) => `adopt ${name}`,
  };
  return {
    store,
    presences,
    values,
    deliveries,
    retired,
    fail: (name: string, error: ErrorName) => failures.set(name, error),
  };
};
